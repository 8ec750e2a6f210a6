//! A machine with USB serial ports of the test's making: `/sys/class/tty` and `/dev` are replaced for one process.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A USB serial port that the operating system lists.
#[derive(Clone, Debug)]
pub struct UsbPort {
    /// The name in `/dev`, such as `ttyACM0`.
    pub name: &'static str,
    /// The USB device's serial number.
    pub serial: &'static str,
    /// USB vendor.
    pub vid: u16,
    /// USB product.
    pub pid: u16,
    /// The manufacturer's name.
    pub manufacturer: &'static str,
    /// The product's name.
    pub product: &'static str,
    /// What `/dev/NAME` really is: a board's address, or anything that exists.
    pub device: PathBuf,
}

/// The ports of one machine; see [`Mpr::on`](crate::Mpr::on).
#[derive(Debug)]
pub struct Machine {
    dir: TempDir,
}

const ENTER: &str = r#"
set -e
dir=$1
shift
mount --bind "$dir/class" /sys/class/tty
mount --rbind /dev "$dir/old-dev"
mount -t tmpfs none /dev
for entry in "$dir"/old-dev/* "$dir"/new-dev/*; do
    case "$entry" in "$dir"/old-dev/ttyS* | "$dir"/old-dev/ttyUSB* | "$dir"/old-dev/ttyACM*) continue ;; esac
    [ ! -e "$entry" ] || ln -s "$entry" "/dev/${entry##*/}" 2>/dev/null || true
done
exec "$@"
"#;

impl Machine {
    /// A machine with these USB ports and no other serial ports.
    #[must_use]
    pub fn with(ports: &[UsbPort]) -> Machine {
        let dir =
            tempfile::Builder::new().prefix("mpr-usb-").tempdir().expect("a temporary folder can be made");
        for folder in ["class", "old-dev", "new-dev", "bus/usb"] {
            make(&dir.path().join(folder));
        }
        for (number, port) in ports.iter().enumerate() {
            plug_in(dir.path(), number, port);
        }
        fs::write(dir.path().join("enter.sh"), ENTER).expect("a file can be written");
        Machine { dir }
    }

    /// The words before a command that make it run on this machine.
    #[must_use]
    pub fn prefix(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["unshare".into(), "--mount".into()];
        if !nix::unistd::geteuid().is_root() {
            words.extend(["--user".into(), "--map-root-user".into()]);
        }
        words.extend(["sh".into(), self.dir.path().join("enter.sh").into(), self.dir.path().into()]);
        words
    }
}

fn make(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder can be made");
}

/// The layout of sysfs: the tty's `device` is the USB interface, whose parent is the USB device.
fn plug_in(dir: &Path, number: usize, port: &UsbPort) {
    let device = dir.join(format!("devices/1-{number}"));
    let interface = device.join(format!("1-{number}:1.0"));
    make(&interface);
    let attributes = [
        ("idVendor", format!("{:04x}", port.vid)),
        ("idProduct", format!("{:04x}", port.pid)),
        ("serial", port.serial.to_owned()),
        ("manufacturer", port.manufacturer.to_owned()),
        ("product", port.product.to_owned()),
        // pyserial wants to know.
        ("bNumInterfaces", "1".to_owned()),
    ];
    for (name, value) in attributes {
        fs::write(device.join(name), format!("{value}\n")).expect("a file can be written");
    }
    let link = |target: &Path, at: PathBuf| symlink(target, at).expect("a link can be made");
    link(&dir.join("bus/usb"), interface.join("subsystem"));
    let class = dir.join("class").join(port.name);
    make(&class);
    link(&interface, class.join("device"));
    link(&port.device, dir.join("new-dev").join(port.name));
}
