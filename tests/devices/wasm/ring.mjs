// A queue of bytes in shared memory: one thread pushes, one takes, either may block.
// Layout: Int32 head, tail, closed, turn, waiting; then the bytes. `turn` counts changes, so that a wait misses none;
// `waiting` counts threads that have to be woken by one.

const HEAD = 0, TAIL = 1, CLOSED = 2, TURN = 3, WAITING = 4, WORDS = 5;

export class Ring {
  static create(size) {
    return new Ring(new SharedArrayBuffer(WORDS * 4 + size));
  }

  constructor(memory) {
    this.memory = memory;
    this.words = new Int32Array(memory, 0, WORDS);
    this.bytes = new Uint8Array(memory, WORDS * 4);
    // So many of the waiting bytes were looked at by `takeThrough`, which is the taker's.
    this.looked = 0;
  }

  #length() {
    const size = this.bytes.length;
    return (Atomics.load(this.words, TAIL) - Atomics.load(this.words, HEAD) + 2 * size) % (2 * size);
  }

  // Positions run to twice the size, so that a full ring differs from an empty one.
  #advance(word, by) {
    const position = (Atomics.load(this.words, word) + by) % (2 * this.bytes.length);
    Atomics.store(this.words, word, position);
    this.#changed();
  }

  #changed() {
    Atomics.add(this.words, TURN, 1);
    if (Atomics.load(this.words, WAITING) > 0) Atomics.notify(this.words, TURN);
  }

  // Waits until `ready` holds or the other side has closed; true when it holds.
  #wait(ready) {
    for (;;) {
      const turn = Atomics.load(this.words, TURN);
      if (ready()) return true;
      if (this.closed) return ready();
      // A change behind this sees it, one before it has another turn.
      Atomics.add(this.words, WAITING, 1);
      Atomics.wait(this.words, TURN, turn);
      Atomics.sub(this.words, WAITING, 1);
    }
  }

  get closed() {
    return Atomics.load(this.words, CLOSED) === 1;
  }

  get isEmpty() {
    return this.#length() === 0;
  }

  close() {
    Atomics.store(this.words, CLOSED, 1);
    this.#changed();
  }

  // Appends all bytes, waiting for room; bytes for a closed ring are dropped.
  push(data) {
    const size = this.bytes.length;
    for (let done = 0; done < data.length; ) {
      if (!this.#wait(() => this.#length() < size) || this.closed) return;
      const tail = Atomics.load(this.words, TAIL) % size;
      const count = Math.min(data.length - done, size - this.#length(), size - tail);
      this.bytes.set(data.subarray(done, done + count), tail);
      this.#advance(TAIL, count);
      done += count;
    }
  }

  // Takes 1 to `limit` bytes, waiting for the first; null once the ring is closed and empty.
  take(limit) {
    if (!this.#wait(() => !this.isEmpty)) return null;
    const size = this.bytes.length;
    const head = Atomics.load(this.words, HEAD) % size;
    const count = Math.min(limit, this.#length(), size - head);
    const data = this.bytes.slice(head, head + count);
    this.#advance(HEAD, count);
    this.looked = Math.max(this.looked - count, 0);
    return data;
  }

  // Whether `byte` waits among the bytes that came since the last call; forgets everything up to and including it.
  takeThrough(byte) {
    const size = this.bytes.length;
    const length = this.#length();
    while (this.looked < length) {
      const at = (Atomics.load(this.words, HEAD) + this.looked) % size;
      const some = this.bytes.subarray(at, at + Math.min(length - this.looked, size - at));
      const found = some.indexOf(byte);
      if (found >= 0) {
        this.#advance(HEAD, this.looked + found + 1);
        this.looked = 0;
        return true;
      }
      this.looked += some.length;
    }
    return false;
  }

  waitUntilEmpty() {
    this.#wait(() => this.isEmpty);
  }
}
