//! What libFuzzer makes up, through [`canbao_hostile::statements`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::statements);
