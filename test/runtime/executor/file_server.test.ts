/** The door for files of tasks, as a client that is slow to read meets it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { FileServer } from "../../../runtime/executor/files/file_server.ts";
import { FileStore } from "../../../runtime/executor/files/file_store.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase(2);
const OWNER = { runId: 1, instanceId: 1, tryNumber: 1, workerId: "w" };
const PART = Buffer.alloc(1024 * 1024);

/** A connection whose request is refused: its try has ended. */
async function refusedRequest(): Promise<Socket> {
  const files = new FileStore(postgres.db, undefined, { fileBytes: 1, runBytes: 1 });
  const server = new FileServer(files);
  onTestFinished(() => server.stop());
  const access = await server.admit(OWNER);
  server.dismiss(access);
  const socket = connect(Number(new URL(access.url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("PUT /?name=a HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n");
  return socket;
}

test("a client that reads only after it has sent all of a refused file gets the answer", async () => {
  const socket = await refusedRequest();
  const parts = 40;
  socket.write(`Content-Length: ${parts * PART.length}\r\n\r\n`);
  for (let part = 0; part < parts; part += 1) if (!socket.write(PART)) await once(socket, "drain");
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400 [\s\S]*the try has ended/);
});

test("a client that reads first has the whole answer before it has sent the file", async () => {
  const socket = await refusedRequest();
  socket.write(`Content-Length: ${2 * PART.length}\r\n\r\n`);
  socket.write(PART);
  let answer = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    answer += chunk;
    if (answer.endsWith("}")) break;
  }
  expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*\r\n\r\n\{.*the try has ended.*\}$/);
});
