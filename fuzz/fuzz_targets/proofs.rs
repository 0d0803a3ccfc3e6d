//! What libFuzzer makes up, through [`canbao_hostile::proofs`].
#![no_main]

canbao_fuzz::target!(canbao_hostile::proofs);
