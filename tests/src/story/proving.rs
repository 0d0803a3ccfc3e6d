//! Every payment proof verified offline; one flipped byte found.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::harness::path;

impl Telling<'_, '_> {
    /// With everything stopped, the proofs verify by the trust bundle alone.
    pub(super) fn prove_offline(&mut self) {
        self.chapter("九、离线验证每一份缴费凭证 / every proof verified offline");
        let proofs = self.site.path("proofs");
        let employer = &self.told.employer;
        let exported = employer.ok(&["proof", "export", "--all", "--out", path(&proofs)]);
        assert_eq!(exported["proofs"], 639, "{exported}");
        let copy = self.copy();
        let _ = self
            .told
            .centre
            .admin(&["log", "copy", path(&copy)])
            .result();
        self.told.centre.stop();

        let employer = &self.told.employer;
        let verified = employer.ok(&["verify", path(&proofs)]);
        assert_eq!(verified["records"], 639, "{verified}");
        let log = employer.ok(&["verify", path(&copy)]);
        let size = log["checkpoint"]["size"].as_u64().unwrap_or_default();
        assert!(size > 639, "{log}");
        self.line(&format!(
            "639份凭证全部验证通过;公开日志副本验证通过,检查点 {} 大小 {size}",
            text(&log["checkpoint"]["origin"])
        ));
    }

    /// One byte of a copied tile is flipped: the verification names the tile.
    pub(super) fn flip_one_byte(&mut self) {
        self.chapter("十、篡改一个字节 / one flipped byte");
        let copy = self.copy();
        let tile = "tile/0/001";
        let file = copy.join(tile);
        let mut bytes = fs::read(&file).unwrap_or_else(|error| panic!("{tile}: {error}"));
        bytes[777] ^= 1;
        fs::write(&file, bytes).expect("written");
        let failed = self.told.employer.run(&["verify", path(&copy)]).error(5);
        assert!(text(&failed["message"]).contains(tile), "{failed}");
        self.line(&format!("验证失败并指出文件:{}", text(&failed["message"])));
        self.told.centre.start();
    }

    fn copy(&self) -> PathBuf {
        self.site.path("log-copy")
    }
}
