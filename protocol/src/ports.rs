//! The serial ports of this machine.

use std::fmt;

use crate::Error;

/// A serial port and, where it is a USB one, what is plugged in behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortInfo {
    /// The path or name to open, such as `/dev/ttyACM0` or `COM3`.
    pub path: String,
    /// Serial number of the USB device.
    pub serial: Option<String>,
    /// USB vendor; 0 for a port that is not USB.
    pub vid: u16,
    /// USB product; 0 for a port that is not USB.
    pub pid: u16,
    /// The manufacturer's name.
    pub manufacturer: Option<String>,
    /// The product's name.
    pub product: Option<String>,
    /// Whether it is a USB port at all.
    pub usb: bool,
}

/// One line as `mpremote connect list` prints it: path, serial number, `vid:pid`, manufacturer, product.
impl fmt::Display for PortInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_owned());
        write!(
            f,
            "{} {} {:04x}:{:04x} {} {}",
            self.path,
            or_none(&self.serial),
            self.vid,
            self.pid,
            or_none(&self.manufacturer),
            or_none(&self.product)
        )
    }
}

/// All serial ports, sorted by path.
///
/// # Errors
/// [`Error::LocalIo`] when the operating system can't list them.
pub fn list_ports() -> Result<Vec<PortInfo>, Error> {
    let ports = serialport::available_ports()
        .map_err(|error| Error::LocalIo { source: std::io::Error::other(error.description) })?;
    let mut ports: Vec<PortInfo> = ports.into_iter().map(PortInfo::from).collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ports)
}

/// USB vendors whose boards run MicroPython and little else: MicroPython's own, Raspberry Pi, Espressif, Arduino,
/// Adafruit, Arm (micro:bit).
const LIKELY_VENDORS: &[u16] = &[0xf055, 0x2e8a, 0x303a, 0x2341, 0x239a, 0x0d28];

impl PortInfo {
    fn looks_like_micropython(&self) -> bool {
        let product = self.product.as_deref().unwrap_or_default().to_ascii_lowercase();
        LIKELY_VENDORS.contains(&self.vid)
            || product.contains("micropython")
            || product.contains("board in fs mode")
    }
}

/// The one board for `auto`: the only USB port, or the only one of several that looks like a MicroPython board.
pub(crate) fn only_device(ports: &[PortInfo]) -> Result<&PortInfo, Error> {
    let usb: Vec<&PortInfo> = ports.iter().filter(|port| port.usb).collect();
    let likely: Vec<&PortInfo> = usb.iter().copied().filter(|port| port.looks_like_micropython()).collect();
    match (&usb[..], &likely[..]) {
        ([], _) => Err(Error::NoDevice),
        ([only], _) | (_, [only]) => Ok(only),
        (several, _) => Err(Error::SeveralDevices(several.iter().map(|port| (*port).clone()).collect())),
    }
}

/// The port with this USB serial number.
pub(crate) fn with_serial<'a>(ports: &'a [PortInfo], serial: &str) -> Result<&'a PortInfo, Error> {
    ports
        .iter()
        .find(|port| port.serial.as_deref() == Some(serial))
        .ok_or_else(|| Error::NoSuchSerial { serial: serial.to_owned() })
}

impl From<serialport::SerialPortInfo> for PortInfo {
    fn from(port: serialport::SerialPortInfo) -> Self {
        match port.port_type {
            serialport::SerialPortType::UsbPort(usb) => PortInfo {
                path: port.port_name,
                serial: usb.serial_number,
                vid: usb.vid,
                pid: usb.pid,
                manufacturer: usb.manufacturer,
                product: usb.product,
                usb: true,
            },
            _ => PortInfo {
                path: port.port_name,
                serial: None,
                vid: 0,
                pid: 0,
                manufacturer: None,
                product: None,
                usb: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(path: &str, usb: bool, vid: u16) -> PortInfo {
        PortInfo {
            path: path.into(),
            serial: usb.then(|| format!("serial of {path}")),
            vid,
            pid: if usb { 5 } else { 0 },
            manufacturer: None,
            product: None,
            usb,
        }
    }

    #[test]
    fn auto_takes_the_only_board_and_never_guesses() {
        let (uart, pico, adapter) =
            (port("S0", false, 0), port("A0", true, 0x2e8a), port("U0", true, 0x10c4));
        assert!(matches!(only_device(&[]), Err(Error::NoDevice)));
        assert!(matches!(only_device(std::slice::from_ref(&uart)), Err(Error::NoDevice)));
        assert_eq!(only_device(&[uart.clone(), adapter.clone()]).map(|p| p.path.as_str()).ok(), Some("U0"));
        assert_eq!(only_device(&[adapter.clone(), pico.clone()]).map(|p| p.path.as_str()).ok(), Some("A0"));
        let two = [adapter.clone(), port("U1", true, 0x1a86), uart];
        assert!(matches!(only_device(&two), Err(Error::SeveralDevices(ports)) if ports.len() == 2));
        assert!(matches!(only_device(&[pico.clone(), pico]), Err(Error::SeveralDevices(_))));
    }

    #[test]
    fn a_serial_number_names_one_board() {
        let ports = [port("S0", false, 0), port("A0", true, 0x2e8a)];
        assert_eq!(with_serial(&ports, "serial of A0").map(|p| p.path.as_str()).ok(), Some("A0"));
        assert!(matches!(with_serial(&ports, "x"), Err(Error::NoSuchSerial { serial }) if serial == "x"));
    }

    #[test]
    fn a_line_is_laid_out_as_mpremote_does() {
        let mut board = port("/dev/ttyACM0", true, 0x2e8a);
        board.manufacturer = Some("MicroPython".into());
        board.product = Some("Board in FS mode".into());
        assert_eq!(
            board.to_string(),
            "/dev/ttyACM0 serial of /dev/ttyACM0 2e8a:0005 MicroPython Board in FS mode"
        );
        assert_eq!(port("/dev/ttyS0", false, 0).to_string(), "/dev/ttyS0 None 0000:0000 None None");
    }
}
