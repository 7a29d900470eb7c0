/**
 * The child's end of the channel to its parent: lines of JSON over one socket. What it
 * needs of Node and JavaScript is taken before user code is loaded, which may replace it.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { LineReader } from "./line_reader.ts";
import { messageText } from "./message_text.ts";
import { killGroup } from "./orphanhood.ts";

/** The file descriptor of the socket in the child. */
const CHANNEL_FD = 3;

const write = writeSync;
const { from: bytesOf } = Buffer;
const { parse } = JSON;
const { wait } = Atomics;
const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Written at once, not queued: what a task said last must not be lost when it ends the
 * process.
 */
export function send(message: object): void {
  const bytes = bytesOf(`${messageText(message)}\n`);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += write(CHANNEL_FD, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") killGroup();
      // The parent is slower than the task writes. Waiting keeps a flood of log out of
      // memory.
      wait(clock, 0, 0, 1);
    }
  }
}

/**
 * Listens to the parent. When the parent is gone, this process and all it started are
 * killed.
 */
export function listen(onMessage: (message: unknown) => void): Socket {
  const reader = new LineReader((line) => onMessage(parse(line)));
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: false });
  socket.on("data", (chunk: Uint8Array) => reader.push(chunk));
  socket.on("close", killGroup);
  return socket;
}
