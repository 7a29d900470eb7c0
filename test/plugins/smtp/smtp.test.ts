/** Mails through a real SMTP server. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { dag } from "dagsmith";
import { email, type Mail, sendEmail } from "dagsmith/plugins/smtp";
import { runDag, runTask } from "dagsmith/testing";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { expect, test } from "vitest";

interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** Recipients and raw text of each mail that it took. */
  readonly mails: { readonly to: readonly string[]; readonly text: string }[];
}

async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: MailServer["mails"] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ["STARTTLS"], allowInsecureAuth: true },
    onAuth: ({ username, password }, _session, done) =>
      password === "right" ? done(null, { user: username }) : done(new Error("bad login")),
    onData: async (stream, session, done) => {
      let text = "";
      try {
        for await (const chunk of stream) text += chunk;
      } catch (error) {
        // The client closed the connection in the middle of a mail.
        return done(error as Error);
      }
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
      done();
    },
    ...options,
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const plain = (port: number, fields: object = {}) => ({
  ...{
    type: "smtp",
    host: "127.0.0.1",
    port,
    extra: { disable_tls: true, from_email: "dag@x.org" },
  },
  ...fields,
});

function send(port: number, mail: Partial<Mail> = {}, fields: object = {}) {
  const whole = { to: "ann@x.org", subject: "Rows", text: "12 rows", ...mail };
  return runTask(sendEmail({ smtp: "mail", mail: () => whole }), {
    connections: { mail: plain(port, fields) },
  });
}

test("a task sends a mail to all its recipients, with its files", async () => {
  await using server = await mailServer();
  await send(server.port, {
    ...{ to: ["ann@x.org", "Bob <bob@x.org>"], bcc: "eve@x.org", subject: "Zeilen: 12 ✓" },
    attachments: [{ filename: "rows.csv", content: "id\n1\n" }],
  });
  const [mail] = server.mails;
  expect(mail?.to).toEqual(["ann@x.org", "bob@x.org", "eve@x.org"]);
  expect(mail?.text).toMatch(/^From: dag@x\.org/m);
  expect(mail?.text).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(mail?.text).toContain("filename=rows.csv");
  expect(mail?.text).not.toContain("eve@x.org");
});

test("text that comes from data adds no header and names no file", async () => {
  await using server = await mailServer();
  await send(server.port, {
    subject: "Rows\r\nBcc: eve@x.org",
    attachments: [{ filename: "a.txt", content: "x", path: "/etc/passwd" } as never],
  }).catch(() => undefined);
  for (const { to, text } of server.mails) {
    expect(to).toEqual(["ann@x.org"]);
    expect(text).not.toMatch(/^Bcc:/m);
    expect(text).not.toContain("root:");
  }
});

test("a callback sends what failed", async () => {
  await using server = await mailServer();
  const d = dag("orders", { onFailure: email({ smtp: "mail", to: "ann@x.org" }) });
  d.task("load", () => Promise.reject(new Error("no rows")));
  await runDag(d, { connections: { mail: plain(server.port) } });
  expect(server.mails).toHaveLength(1);
  expect(server.mails[0]?.text).toMatch(/^Subject: DAG orders failed/m);
});

test("login and password reach the server", async () => {
  await using server = await mailServer({ authOptional: false });
  await send(server.port, {}, { login: "dag", password: "right" });
  expect(server.mails).toHaveLength(1);
});

test.each([
  [
    "a wrong password",
    { authOptional: false },
    { login: "dag", password: "wrong" },
    "SMTP_LOGIN_REFUSED",
    "FailTask",
    /answered 535 .*Check login and password\./,
  ],
  [
    "a recipient that the server does not know",
    { onRcptTo: (_address, _session, done) => done(refused(550, "no such user")) },
    {},
    "SMTP_REFUSED",
    "FailTask",
    /answered 550 no such user/,
  ],
  [
    "a server that is busy",
    { onMailFrom: (_address, _session, done) => done(refused(451, "try again later")) },
    {},
    "SMTP_REFUSED",
    "Error",
    /answered 451 try again later/,
  ],
  [
    "a server that offers no TLS, when there is a password",
    {},
    { login: "dag", password: "right", extra: { from_email: "dag@x.org" } },
    "SMTP_UNTRUSTED",
    "FailTask",
    /offers no TLS that can be trusted/,
  ],
  [
    "a certificate that nobody signed",
    { disabledCommands: [] },
    { extra: { from_email: "dag@x.org" } },
    "SMTP_UNTRUSTED",
    "FailTask",
    /offers no TLS that can be trusted: .*Set extra\.disable_tls/,
  ],
] as [string, SMTPServerOptions, object, string, string, RegExp][])(
  "%s has words for it, and no password",
  async (_, options, fields, code, name, message) => {
    await using server = await mailServer(options);
    const failure = await send(server.port, {}, fields).then(
      () => expect.unreachable("it was sent"),
      (error: Error) => error,
    );
    expect(failure.message).toMatch(message);
    expect(failure).toMatchObject({ name, code });
    expect(failure.message).not.toMatch(/right|wrong/);
    expect(server.mails).toEqual([]);
  },
);

test("a server that is away is tried again by the task's retries", async () => {
  const failure = send(9);
  await expect(failure).rejects.toMatchObject({
    name: "Error",
    code: "SMTP_AWAY",
    message: expect.stringMatching(/^The SMTP server 127\.0\.0\.1:9 could not be reached: /),
  });
});

function refused(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
