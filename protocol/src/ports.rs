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
