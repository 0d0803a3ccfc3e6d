//! What libFuzzer makes up, through [`canbao_hostile::packs`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::packs);
