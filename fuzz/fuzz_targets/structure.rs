//! What libFuzzer makes up, through [`canbao_hostile::structure`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::structure);
