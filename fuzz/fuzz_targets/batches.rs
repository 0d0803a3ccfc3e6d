//! What libFuzzer makes up, through [`canbao_hostile::batches`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::batches);
