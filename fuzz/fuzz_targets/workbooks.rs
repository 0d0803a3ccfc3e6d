//! What libFuzzer makes up, through [`canbao_hostile::workbooks`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::workbooks);
