// A queue of bytes in shared memory: one thread pushes, one takes, either may block.
// Layout: Int32 head, tail, closed, turn; then the bytes. `turn` counts changes, so that a wait misses none.

const HEAD = 0, TAIL = 1, CLOSED = 2, TURN = 3, WORDS = 4;

export class Ring {
  static create(size) {
    return new Ring(new SharedArrayBuffer(WORDS * 4 + size));
  }

  constructor(memory) {
    this.memory = memory;
    this.words = new Int32Array(memory, 0, WORDS);
    this.bytes = new Uint8Array(memory, WORDS * 4);
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
    Atomics.notify(this.words, TURN);
  }

  // Waits until `ready` holds or the other side has closed; true when it holds.
  #wait(ready) {
    for (;;) {
      const turn = Atomics.load(this.words, TURN);
      if (ready()) return true;
      if (this.closed) return ready();
      Atomics.wait(this.words, TURN, turn);
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
    return data;
  }

  // Whether `byte` waits anywhere in the ring; forgets everything up to and including it.
  takeThrough(byte) {
    const size = this.bytes.length;
    const head = Atomics.load(this.words, HEAD);
    for (let i = 0, length = this.#length(); i < length; i++) {
      if (this.bytes[(head + i) % size] === byte) {
        this.#advance(HEAD, i + 1);
        return true;
      }
    }
    return false;
  }

  waitUntilEmpty() {
    this.#wait(() => this.isEmpty);
  }
}
