//! What libFuzzer makes up, through [`canbao_hostile::frames`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::frames);
