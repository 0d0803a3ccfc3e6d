//! What libFuzzer makes up, through [`canbao_hostile::notes`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::notes);
