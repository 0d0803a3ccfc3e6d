//! What libFuzzer makes up, through [`canbao_hostile::snapshots`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::snapshots);
