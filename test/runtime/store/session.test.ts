/** Sessions outside the pool, and how long their answers may take. */
import { afterEach, expect, test } from "vitest";
import { within } from "../../../runtime/store/database/answer_limit.ts";
import { breakSession, openSession, type Session } from "../../../runtime/store/database/pool.ts";
import { testDatabase } from "../../support/postgres.ts";
import { silentProxy } from "../../support/silent_proxy.ts";

const sessions: Session[] = [];
afterEach(() => sessions.splice(0).forEach(breakSession));

async function session(url: string, connectWithinMs?: number): Promise<Session> {
  const opened = await openSession(url, "limited", connectWithinMs);
  sessions.push(opened);
  return opened;
}

/** As a process that is stopped, or gets no processor time. */
const freeze = (ms: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const untilSent = (): Promise<void> => new Promise(setImmediate);

test("an answer that arrived while this process was frozen counts", async () => {
  const asked = (await session((await testDatabase()).url)).query("select 1 as one");
  const answer = within(2_000, "the answer", asked);
  await untilSent();
  freeze(2_500);
  expect((await answer).rows).toEqual([{ one: 1 }]);
});

test("a connection that was made while this process was frozen counts", async () => {
  const opening = session((await testDatabase()).url, 3_000);
  await untilSent();
  freeze(3_500);
  expect((await (await opening).query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("a server that stays silent is given up after a freeze, too", async () => {
  const proxy = await silentProxy((await testDatabase()).url);
  const opened = await session(proxy.url);
  for (const connection of proxy.connections) connection.silence();
  const answer = within(600, "the answer", opened.query("select 1"));
  await untilSent();
  freeze(1_500);
  await expect(answer).rejects.toThrow("the answer took longer than 600 ms");
});

test("an error of the server is the error, not the limit", async () => {
  const opened = await session((await testDatabase()).url);
  await expect(within(60_000, "the answer", opened.query("select 1/0"))).rejects.toThrow(
    "division by zero",
  );
});
