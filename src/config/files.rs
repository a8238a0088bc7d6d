//! Files that the configuration names: keys and secrets, which nobody else may read, and the logo.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Logo;

/// No key or secret is longer.
const MOST_OF_A_SECRET: u64 = 4_096;
/// An RSA key of 8,192 bits in PEM, with a certificate or two beside it.
const MOST_OF_A_PEM: u64 = 16 * 1_024;
/// A logo is sent with every page that a browser has not cached.
const MOST_OF_A_LOGO: u64 = 256 * 1_024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// How to make a key-encryption key.
pub(super) const MAKE_A_KEY: &str = "make one with `head -c 32 /dev/urandom > vestibule.key && \
                                     chmod 600 vestibule.key`";

/// How to make a key that proves who we are at a provider.
pub(super) const MAKE_A_CLIENT_KEY: &str = "make one with `openssl genpkey -algorithm EC -pkeyopt \
                                            ec_paramgen_curve:P-256 > provider.pem && \
                                            chmod 600 provider.pem`";

/// The key-encryption key: 32 bytes, or 64 hexadecimal characters.
pub(super) fn key(path: &Path) -> Result<[u8; 32], String> {
    if !path.exists() {
        return Err(format!("there is no file {}; {MAKE_A_KEY}", path.display()));
    }
    let content = private(path, MOST_OF_A_SECRET)?;
    let key = <[u8; 32]>::try_from(&content[..]).ok().or_else(|| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(without_newline(&content), &mut bytes).ok().map(|()| bytes)
    });
    match key {
        Some(key) if key.iter().any(|byte| byte != &key[0]) => Ok(key),
        Some(_) => Err(format!("{} is not random; {MAKE_A_KEY}", path.display())),
        None => {
            let is =
                format!("{} is neither 32 bytes nor 64 hexadecimal characters", path.display());
            Err(format!("{is}; {MAKE_A_KEY}"))
        }
    }
}

/// A text that nobody else may read, without the newline that editors leave.
pub(super) fn secret(path: &Path) -> Result<String, String> {
    let content = private(path, MOST_OF_A_SECRET)?;
    let text = std::str::from_utf8(without_newline(&content));
    text.map(str::to_owned).map_err(|_| format!("{} is not a text", path.display()))
}

/// A key in PEM that nobody else may read.
pub(super) fn pem(path: &Path) -> Result<Zeroizing<String>, String> {
    let content = private(path, MOST_OF_A_PEM)?;
    let text = String::from_utf8(content).map(Zeroizing::new);
    text.map_err(|_| format!("{} is not a text", path.display()))
}

/// A picture, known by its content.
pub(super) fn logo(path: &Path) -> Result<Logo, String> {
    let bytes = read(path, MOST_OF_A_LOGO)?;
    let is_svg = || std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
    let media_type = match () {
        () if bytes.starts_with(PNG) => "image/png",
        () if is_svg() => "image/svg+xml",
        () => {
            return Err(format!("{} is neither an SVG nor a PNG picture", path.display()));
        }
    };
    Ok(Logo { media_type, bytes: Arc::from(bytes) })
}

fn private(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    if is_open_to_others(path) {
        let path = path.display();
        return Err(format!("{path} can be read or changed by others; run `chmod 600 {path}`"));
    }
    read(path, most)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    /// Everything for others, writing for the group.
    const OPEN: u32 = 0o027;
    path.metadata().is_ok_and(|file| file.permissions().mode() & OPEN != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let file = File::open(path).map(|file| file.take(most + 1));
    let read = file.and_then(|mut file| file.read_to_end(&mut content));
    match read {
        Err(error) => Err(format!("cannot read {} ({error})", path.display())),
        Ok(length) if length as u64 > most => {
            Err(format!("{} is larger than {most} bytes", path.display()))
        }
        Ok(_) => Ok(content),
    }
}

fn without_newline(content: &[u8]) -> &[u8] {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.strip_suffix(b"\r").unwrap_or(content)
}
