//! Where a person is sent: the agency of the unit's own district (ACC-4, DIST-1).

use crate::ids::DistrictId;
use crate::message::Message;

use super::common::{Agency, CommonView};

/// The placeholder of every sentence that sends a person to a window.
pub const WINDOW: &str = "window";

impl CommonView {
    /// The message with the place that its sentence sends a person to; one that sends nobody
    /// anywhere stays as it is.
    #[must_use]
    pub fn at_window(&self, message: Message, district: DistrictId) -> Message {
        match self.window(Some(district)) {
            Some(window) if message.asks_for(WINDOW) => message.with(WINDOW, window),
            Some(_) | None => message,
        }
    }

    /// The agency of a district with address and telephone, as sentences name it; the whole table
    /// where the district is not known. None where there is no table.
    #[must_use]
    pub fn window(&self, district: Option<DistrictId>) -> Option<String> {
        let own = district.and_then(|it| self.agencies.get(&it));
        own.map(Agency::place).or_else(|| {
            let all: Vec<String> = self.agencies.values().map(Agency::place).collect();
            (!all.is_empty()).then(|| all.join("；"))
        })
    }

    /// The agencies in which each of the words occurs: in the district, the name, the address or
    /// the telephone. Without words all of them.
    pub fn agencies_of<'a>(&'a self, words: &'a str) -> impl Iterator<Item = &'a Agency> {
        let has_all = |it: &&Agency| words.split_whitespace().all(|word| it.has(word));
        self.agencies.values().filter(has_all)
    }
}

impl Agency {
    /// Name, address and telephone in one phrase.
    #[must_use]
    pub fn place(&self) -> String {
        let Self {
            name,
            address,
            phone,
            ..
        } = self;
        format!("{name}（{address}，电话 {phone}）")
    }

    fn has(&self, word: &str) -> bool {
        let Self {
            district: _,
            district_name,
            name,
            address,
            phone,
        } = self;
        [district_name, name, address, phone]
            .iter()
            .any(|it| it.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Fact;
    use crate::message::Lang;

    /// The first two of the table.
    fn table() -> CommonView {
        let mut common = CommonView::default();
        for (district, district_name, name, address, phone) in [
            (
                1,
                "和平区",
                "和平区人才和就业服务中心",
                "和平区长白西路51号",
                "31096625",
            ),
            (
                2,
                "沈河区",
                "沈河区社会事务服务与行政执法中心",
                "沈河区先农坛路13号",
                "24843636-317",
            ),
        ] {
            common.apply(&Fact::AgencyListed(Agency {
                district: DistrictId(district),
                district_name: district_name.to_owned(),
                name: name.to_owned(),
                address: address.to_owned(),
                phone: phone.to_owned(),
            }));
        }
        common
    }

    #[test]
    fn a_sentence_that_sends_to_a_window_names_the_one_of_the_district() {
        let message = Message::bare("declaration.look_back").with("month", "2020-01");
        let hint = |district| {
            let there = table().at_window(message.clone(), DistrictId(district));
            there.text(Lang::Zh).hint
        };
        let (known, unknown) = (hint(2), hint(9));
        assert!(
            known.contains("沈河区先农坛路13号，电话 24843636-317"),
            "{known}"
        );
        assert!(!known.contains("和平区"), "{known}");
        // Nobody is sent to a window that may be the wrong one.
        for place in ["和平区长白西路51号", "沈河区先农坛路13号"] {
            assert!(unknown.contains(place), "{unknown}");
        }
    }

    #[test]
    fn a_sentence_that_sends_nobody_anywhere_stays() {
        let message = Message::bare("money.missing");
        assert_eq!(table().at_window(message.clone(), DistrictId(2)), message);
    }

    #[test]
    fn without_a_table_the_window_is_named_in_words() {
        for lang in [Lang::Zh, Lang::En] {
            let hint = Message::bare("declaration.look_back").text(lang).hint;
            assert!(!hint.contains('{'), "{hint}");
        }
    }

    #[test]
    fn agencies_are_found_by_any_of_their_fields() {
        let check = |words: &str, expected: &[u16]| {
            let table = table();
            let found: Vec<u16> = table.agencies_of(words).map(|it| it.district.0).collect();
            assert_eq!(found, expected, "{words}");
        };
        check("", &[1, 2]);
        check("沈河", &[2]);
        check("就业服务", &[1]);
        check("先农坛路", &[2]);
        check("2484", &[2]);
        check("区 31096625", &[1]);
        check("和平 先农坛", &[]);
    }
}
