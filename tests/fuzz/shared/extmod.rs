//! Fuzz targets of `mpr-extmod`; its tests run them on the corpus.

use mpr_extmod::deflate::{
    Checksum, Compress, Error, Format, Header, Inflate, MAX_WBITS, MIN_WBITS, Memory, Sizes, Trailer,
};
use mpr_extmod::regex::{Program, Unit, compile, max_words};
use mpr_extmod::romfs::{Directory, Image, Node};
use mpr_extmod::{base64, hex};

const FORMATS: [Option<Format>; 4] = [None, Some(Format::Raw), Some(Format::Zlib), Some(Format::Gzip)];

/// Any bytes in any container, with any window. The first byte chooses; the rest is the data.
pub fn inflate(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else { return };
    let wbits = MIN_WBITS + choice % (MAX_WBITS - MIN_WBITS + 1);
    let mut input = data.iter().copied();
    let format = match header(FORMATS[usize::from(choice >> 6)], &mut input) {
        Some(format) => format,
        None => return,
    };
    let mut window = vec![0; 1 << wbits];
    let mut machine = Inflate::new();
    let mut sum = Checksum::new(format);
    let mut buffer = [0; 61];
    let mut total = 0;
    // A few bytes can mean a great many.
    while total < 100_000 {
        match machine.read(&mut window, &mut buffer, || input.next().ok_or(())) {
            Ok(0) => {
                assert!(machine.is_done());
                let mut trailer = Trailer::default();
                while !trailer.is_done(&sum)
                    && input.next().is_some_and(|byte| trailer.push(&sum, byte).is_ok())
                {}
                return;
            }
            Ok(n) => {
                sum.update(&buffer[..n]);
                total += n;
            }
            Err(error) => {
                assert!(!machine.is_done());
                // It stays that way.
                let again = machine.read(&mut window, &mut buffer, || input.next().ok_or(()));
                assert_eq!(again, Err(error));
                assert!(error == Error::Invalid || input.next().is_none());
                return;
            }
        }
    }
}

fn header(expected: Option<Format>, input: &mut impl Iterator<Item = u8>) -> Option<Format> {
    if expected == Some(Format::Raw) {
        return expected;
    }
    let mut header = Header::new(expected);
    loop {
        if let Some((format, wbits)) = header.push(input.next()?).ok()? {
            assert!((8..=MAX_WBITS).contains(&wbits));
            return Some(format);
        }
    }
}

/// What is compressed comes back. The first byte chooses the window, the second the size of the pieces.
pub fn compress(data: &[u8]) {
    let [window, piece, data @ ..] = data else { return };
    let wbits = MIN_WBITS + window % (MAX_WBITS - MIN_WBITS + 1);
    let sizes = Sizes::new(wbits);
    let (mut bytes, mut heads, mut chain) = (vec![0; sizes.data], vec![0; sizes.heads], vec![0; sizes.chain]);
    let mut memory = Memory { data: &mut bytes, heads: &mut heads, chain: &mut chain };
    let mut machine = Compress::new(wbits);
    let mut packed = Vec::new();
    let mut sink = |bytes: &[u8]| {
        packed.extend_from_slice(bytes);
        Ok::<_, ()>(())
    };
    for piece in data.chunks(usize::from(*piece).max(1)) {
        machine.write(&mut memory, piece, &mut sink).expect("the sink takes everything");
    }
    machine.finish(&mut memory, &mut sink).expect("the sink takes everything");

    let mut input = packed.iter().copied();
    let mut out = vec![0; data.len() + 1];
    let mut window = vec![0; 1 << wbits];
    let mut machine = Inflate::new();
    let mut len = 0;
    while !machine.is_done() {
        len += machine.read(&mut window, &mut out[len..], || input.next().ok_or(())).expect("a valid stream");
    }
    assert_eq!(&out[..len], data);
    assert_eq!(input.next(), None);
}

/// Any expression on any text: up to the first byte 0xff, and behind it. The first byte chooses the unit.
pub fn regex(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else { return };
    let unit = if choice & 1 == 0 { Unit::Char } else { Unit::Byte };
    let mut parts = data.splitn(2, |&byte| byte == 0xff);
    let (pattern, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if pattern.len() > 300 || text.len() > 2000 {
        return;
    }
    let mut code = vec![0; max_words(pattern.len())];
    let Ok(len) = compile(pattern, unit, &mut code) else { return };
    let program = Program::new(&code[..len]);
    let mut scratch = vec![0; program.scratch_words()];
    let mut positions = vec![0; 2 * program.groups()];
    for anchored in [false, true] {
        let start = usize::from(choice >> 4).min(text.len());
        if program.run(text, start, anchored, unit, &mut scratch, &mut positions) {
            for pair in positions.chunks(2) {
                let in_text =
                    start <= pair[0] as usize && pair[0] <= pair[1] && pair[1] as usize <= text.len();
                assert!(in_text || pair[1] == u32::MAX, "{positions:?}");
            }
            assert_ne!(positions[1], u32::MAX);
            assert!(!anchored || positions[0] as usize == start);
        }
    }
}

/// Any text as hexadecimal and base64, and back.
pub fn binascii(data: &[u8]) {
    let mut text = vec![0; base64::encoded_len(data.len())];
    base64::encode(data, &mut text);
    let mut back = vec![0; base64::decoded_len(&text).expect("complete")];
    base64::decode(&text, &mut back);
    assert_eq!(back, data);
    if let Some(len) = base64::decoded_len(data) {
        base64::decode(data, &mut vec![0; len]);
    }
    let mut out = vec![0; data.len() / 2];
    if hex::decode(data, &mut out) {
        let mut text = vec![0; hex::encoded_len(out.len(), None)];
        hex::encode(&out, None, &mut text);
        assert!(text.eq_ignore_ascii_case(&data[..text.len()]));
    }
}

/// Any bytes as a ROMFS image: everything that a listing shows can be found again, and all of it lies in the image.
pub fn romfs(data: &[u8]) {
    let Some(image) = Image::parse(data) else { return };
    assert!(image.size() <= data.len());
    assert_eq!(image.find(b"/"), Some(Node::Directory(image.root())));
    let mut steps = 0;
    walk(image, image.root(), &mut Vec::new(), true, &mut steps);
}

/// Any bytes from a client of the WebREPL server, split in any way; the first byte `n` of a piece takes so many bytes. Half of
/// the cases begin behind the login, so that they need not find it.
pub fn webrepl(data: &[u8]) {
    use mpr_extmod::webrepl::{Event, MAX_PASSWORD, Session};
    const LOGIN: &[u8] =
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n\x81\x01\r";
    let Some((&choice, mut rest)) = data.split_first() else { return };
    let mut session = Session::new(choice & 2 != 0);
    let mut ended = false;
    let mut feed = |mut piece: Vec<u8>| {
        let mut at = 0;
        while at < piece.len() {
            let input = &mut piece[at..];
            let (used, event) = session.take(input);
            assert!(used > 0 && used <= input.len());
            assert!(event.is_some() || used == input.len());
            assert!(event.is_none() || !ended, "nothing comes behind the end");
            match event {
                Some(Event::Input(range)) => assert!(session.is_open() && input[range].len() <= used),
                Some(Event::Data { bytes, .. }) => assert!(session.is_open() && input[bytes].len() <= used),
                Some(Event::Request(request)) => assert!(session.is_open() && request.name().len() < 64),
                Some(Event::Block) if choice & 4 != 0 => session.end_get(),
                Some(Event::Block) => assert!(session.is_open()),
                Some(Event::Password) => {
                    assert!(session.password().len() <= MAX_PASSWORD + 1);
                    session.admit();
                }
                Some(Event::Ping) => assert!(session.ping().len() <= 125),
                Some(Event::Opened) => assert!(!session.key().is_empty()),
                Some(Event::Bye | Event::Broken { .. }) => ended = true,
                None => {}
            }
            at += used;
        }
    };
    if choice & 1 != 0 {
        feed(LOGIN.to_vec());
    }
    while let Some((&size, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(size).min(after.len()));
        rest = after;
        feed(piece.to_vec());
    }
}

/// Visits a directory and what is in it, as far as a few thousand steps go. `first`: no other entry hides it.
fn walk(image: Image<'_>, mut directory: Directory<'_>, path: &mut Vec<u8>, first: bool, steps: &mut u32) {
    let mut seen: Vec<&[u8]> = Vec::new();
    loop {
        // A listing that stops anywhere goes on from there.
        assert_eq!(Directory::at(image, directory.range()), Some(directory));
        let Some(entry) = directory.next() else { break };
        *steps += 1;
        if *steps > 3000 {
            return;
        }
        let before = path.len();
        path.push(b'/');
        path.extend_from_slice(entry.name);
        let first = first && !seen.contains(&entry.name);
        seen.push(entry.name);
        if first {
            assert_eq!(image.find(path), Some(entry.node), "{path:?}");
        }
        match entry.node {
            Node::File(content) => assert!(content.len() <= image.records_size()),
            Node::Directory(inner) => walk(image, inner, path, first, steps),
        }
        path.truncate(before);
    }
    assert_eq!(directory.next(), None);
}
