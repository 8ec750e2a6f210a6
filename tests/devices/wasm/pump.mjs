// A worker that moves bytes between a file descriptor and a ring with blocking calls.

import fs from "node:fs";
import { workerData } from "node:worker_threads";
import { Ring } from "./ring.mjs";

const ring = new Ring(workerData.memory);
const retry = new Int32Array(new SharedArrayBuffer(4));

// The other end of the descriptor may have made it non-blocking.
function patiently(call) {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error.code === "EOF" || error.code === "EIO") return 0;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(retry, 0, 0, 1);
    }
  }
}

if (workerData.direction === "in") {
  const buffer = Buffer.alloc(4096);
  for (;;) {
    const count = patiently(() => fs.readSync(0, buffer, 0, buffer.length, null));
    if (count === 0) break;
    ring.push(buffer.subarray(0, count));
  }
  ring.close();
} else {
  for (let data; (data = ring.take(4096)) !== null; ) {
    for (let done = 0; done < data.length; ) {
      try {
        done += patiently(() => fs.writeSync(1, data, done));
      } catch (error) {
        if (error.code !== "EPIPE") throw error;
        process.exit(0);
      }
    }
  }
}
