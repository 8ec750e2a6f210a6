// Stock MicroPython for WebAssembly as a board on stdin and stdout.
//
//   node board.mjs [FOLDER OF THE NPM PACKAGE] [HEAP BYTES]
//
// Its console is the port's own REPL; bytes go through it unchanged. Four things the port leaves to its host are done
// here: Ctrl-C reaches a running program when it prints, reads or asks for the time (there is no other hook, so
// `while True: pass` cannot be stopped); a soft reset starts a new VM on the same files; raw paste, which this port
// announces but cannot do from an event loop, is answered with "known but off"; end of file on stdin ends the process.

import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { Ring } from "./ring.mjs";

const PACKAGE = "@micropython/micropython-webassembly-pyscript";
const PYSTACK_WORDS = 2048;
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? path.join(here, "../../../target/devices/node_modules", PACKAGE);
const heapsize = Number(process.argv[3] ?? 1024 * 1024);

const input = Ring.create(65536);
const output = Ring.create(65536);
const pump = (direction, ring) =>
  new Worker(new URL("./pump.mjs", import.meta.url), { workerData: { direction, memory: ring.memory } });

// The module's own exports and memory, which the package keeps to itself.
let exports = null;
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  exports = (result.instance ?? result).exports;
  return result;
};

let running = false;
let pendingAt = -1;

// Kept, for it is asked at each byte; a memory that has grown leaves an empty view behind.
let words = new Uint32Array(0);
function word(index) {
  if (words.length === 0) words = new Uint32Array(exports.memory.buffer);
  return words[index];
}

// Where the VM notes an exception that it has yet to raise: the word that an interrupt makes nonzero. Nothing runs yet,
// so that the memory can be put back as it was.
function findPending() {
  const before = new Uint32Array(exports.memory.buffer.slice(0));
  exports.mp_sched_keyboard_interrupt();
  const now = new Uint32Array(exports.memory.buffer);
  const changed = [];
  for (let index = 0; index < now.length; index++) {
    if (now[index] !== 0 && before[index] === 0) changed.push(index);
  }
  now.set(before);
  if (changed.length !== 1) throw new Error(`an interrupt changed ${changed.length} words`);
  return changed[0];
}

const isPending = () => word(pendingAt) !== 0;

// While a program runs, a Ctrl-C that waits in the input stops it, as a UART's interrupt handler would.
function pollInterrupt() {
  if (!running || input.isEmpty) return;
  const byte = exports.mp_hal_get_interrupt_char();
  if (byte >= 0 && input.takeThrough(byte)) exports.mp_sched_keyboard_interrupt();
}

// `time.sleep` is a loop in C that only asks for the time: every answer after a Ctrl-C is past any sleep's end.
const now = Date.now;
const PAST_ANY_SLEEP_MS = 0x7fffffff;
let jumped = 0;
Date.now = () => {
  pollInterrupt();
  if (running && isPending()) jumped += PAST_ANY_SLEEP_MS;
  return now() + jumped;
};

// A read in C that waits for many bytes ends only when it has them all: after a Ctrl-C it gets filler.
const FILLER = 3;

function stdin() {
  pollInterrupt();
  if (isPending()) return FILLER;
  const byte = input.take(1);
  if (byte === null) return finish();
  if (byte[0] === exports.mp_hal_get_interrupt_char()) {
    exports.mp_sched_keyboard_interrupt();
    return FILLER;
  }
  return byte[0];
}

function stdout(bytes) {
  output.push(bytes);
  pollInterrupt();
}

function finish() {
  output.waitUntilEmpty();
  process.exit(0);
}

const { loadMicroPython } = await import(pathToFileURL(path.join(folder, "micropython.mjs")));
const python = await loadMicroPython({ stdin, stdout, linebuffer: false, heapsize });
pendingAt = findPending();
pump("in", input).on("error", (error) => { throw error; });
pump("out", output).on("error", (error) => { throw error; });

const text = (string) => output.push(Buffer.from(string, "latin1"));

function feed(byte) {
  running = true;
  const ended = python.replProcessChar(byte);
  running = false;
  jumped = 0;
  if (ended) {
    text("MPY: soft reboot\r\n");
    exports.mp_js_init(PYSTACK_WORDS, heapsize);
    exports.proxy_c_init();
    python.replInit();
  }
}

python.replInit();
const RAW_PASTE = [0x05, 0x41, 0x01];
let matched = 0;
for (let byte; (byte = input.take(1)) !== null; ) {
  if (byte[0] === RAW_PASTE[matched]) {
    matched += 1;
    if (matched === RAW_PASTE.length) {
      text("R\x00");
      matched = 0;
    }
    continue;
  }
  RAW_PASTE.slice(0, matched).forEach(feed);
  matched = 0;
  if (byte[0] === RAW_PASTE[0]) matched = 1;
  else feed(byte[0]);
}
finish();
