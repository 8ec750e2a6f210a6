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

let running = false;
let module = null;

// While a program runs, a Ctrl-C that waits in the input stops it, as a UART's interrupt handler would.
function pollInterrupt() {
  if (!running || input.isEmpty) return false;
  const byte = module.ccall("mp_hal_get_interrupt_char", "number", [], []);
  if (byte < 0 || !input.takeThrough(byte)) return false;
  module.ccall("mp_sched_keyboard_interrupt", "null", [], []);
  return true;
}

// `time.sleep` is a loop in C that only asks for the time: the first answer after a Ctrl-C ends any sleep.
const now = Date.now;
const PAST_ANY_SLEEP_MS = 0x7fffffff;
Date.now = () => now() + (running && pollInterrupt() ? PAST_ANY_SLEEP_MS : 0);

// A read in C that waits for many bytes ends only when it has them all: after a Ctrl-C it gets filler until Python runs
// again, which shows by its output or by the end of the program.
let filling = false;

function interruptRead(byte) {
  filling = true;
  return byte;
}

function stdin() {
  const interrupt = module.ccall("mp_hal_get_interrupt_char", "number", [], []);
  if (filling || pollInterrupt()) return interruptRead(interrupt & 0xff);
  const byte = input.take(1);
  if (byte === null) return finish();
  if (byte[0] === interrupt) {
    module.ccall("mp_sched_keyboard_interrupt", "null", [], []);
    return interruptRead(interrupt);
  }
  return byte[0];
}

function stdout(bytes) {
  filling = false;
  output.push(bytes);
  pollInterrupt();
}

function finish() {
  output.waitUntilEmpty();
  process.exit(0);
}

const { loadMicroPython } = await import(pathToFileURL(path.join(folder, "micropython.mjs")));
const python = await loadMicroPython({ stdin, stdout, linebuffer: false, heapsize });
module = python._module;
pump("in", input).on("error", (error) => { throw error; });
pump("out", output).on("error", (error) => { throw error; });

const text = (string) => output.push(Buffer.from(string, "latin1"));

function feed(byte) {
  running = true;
  const ended = python.replProcessChar(byte);
  running = filling = false;
  if (ended) {
    text("MPY: soft reboot\r\n");
    module.ccall("mp_js_init", "null", ["number", "number"], [PYSTACK_WORDS, heapsize]);
    module.ccall("proxy_c_init", "null", [], []);
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
