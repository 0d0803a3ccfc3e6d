//! Which problem of the interface each refusal of the bureau is.

use canbao_tests::simulator::Problem;

use crate::bureau::CannotDo;
use crate::roster::CannotCorrect;

impl From<CannotDo> for Problem {
    fn from(cannot: CannotDo) -> Self {
        let detail = cannot.to_string();
        match cannot {
            CannotDo::OtherContent | CannotDo::AlreadyPaid | CannotDo::NothingCollected => {
                Self::Conflict(detail)
            }
            CannotDo::NotAssessed
            | CannotDo::NotPosted
            | CannotDo::UnknownUnit
            | CannotDo::Correction(CannotCorrect::NobodyThere) => Self::NotFound(detail),
            CannotDo::Payment(_) | CannotDo::Correction(CannotCorrect::StopsBeforeStart) => {
                Self::Malformed(detail)
            }
        }
    }
}
