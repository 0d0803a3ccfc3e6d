//! The set that the program carries: the files of `parameters/`, one after the other.

/// The carried set as one text, the files in the order of their names.
///
/// It is what a centre adopts first; what it adopts later replaces it whole.
#[must_use]
pub fn builtin_text() -> &'static str {
    concat!(
        include_str!("../../parameters/base_change_mark.toml"),
        "\n",
        include_str!("../../parameters/base_limits.toml"),
        "\n",
        include_str!("../../parameters/base_rounding.toml"),
        "\n",
        include_str!("../../parameters/batch_rows.toml"),
        "\n",
        include_str!("../../parameters/id_kinds.toml"),
        "\n",
        include_str!("../../parameters/in_reasons.toml"),
        "\n",
        include_str!("../../parameters/insurances.toml"),
        "\n",
        include_str!("../../parameters/look_back.toml"),
        "\n",
        include_str!("../../parameters/minimum_age.toml"),
        "\n",
        include_str!("../../parameters/payment_statuses.toml"),
        "\n",
        include_str!("../../parameters/pension_feed_days.toml"),
        "\n",
        include_str!("../../parameters/rates.toml"),
        "\n",
        include_str!("../../parameters/receivable_kinds.toml"),
        "\n",
        include_str!("../../parameters/relief.toml"),
        "\n",
        include_str!("../../parameters/retirement.toml"),
        "\n",
        include_str!("../../parameters/stop_reasons.toml"),
        "\n",
        include_str!("../../parameters/tax_states.toml"),
        "\n",
        include_str!("../../parameters/total_rule.toml"),
        "\n",
        include_str!("../../parameters/transaction_kinds.toml"),
        "\n",
        include_str!("../../parameters/undeclared_110.toml"),
    )
}
