//! The options that hold for every command.

use std::path::{Path, PathBuf};

use canbao_client::request::Context;
use canbao_core::message::Lang;
use clap::Args;

/// Options that stand before or after the command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The data directory of the device.
    #[arg(long, global = true, env = "CANBAO_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The unit it is about.
    #[arg(long, global = true, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// The operator who does it.
    #[arg(long, global = true, value_name = "OPERATOR")]
    pub(crate) operator: Option<String>,
    /// A file whose first line unlocks the operator's key; several where operators have their own.
    #[arg(
        long = "passphrase-file",
        global = true,
        env = "CANBAO_PASSPHRASE_FILE",
        value_name = "FILE"
    )]
    pub(crate) passphrase_file: Vec<PathBuf>,
    /// One JSON document on the standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of sentences.
    #[arg(long, global = true, value_name = "LANG", default_value = "zh")]
    pub(crate) lang: Lang,
}

impl Options {
    /// The files with passphrases, within the working directory; `-` is the standard input.
    pub(crate) fn passphrase_files(&self, here: &Path) -> Vec<PathBuf> {
        let files = self.passphrase_file.iter();
        files.map(|it| within(here, it)).collect()
    }

    /// On whose behalf the application is asked.
    pub(crate) fn context(&self) -> Context {
        Context {
            unit: self.unit.clone(),
            operator: self.operator.clone(),
            passphrases: Vec::new(),
            lang: self.lang,
        }
    }
}

/// A file within the working directory; `-`, the standard input, is none.
pub(super) fn within(here: &Path, file: &Path) -> PathBuf {
    if file == Path::new("-") {
        file.to_owned()
    } else {
        here.join(file)
    }
}
