/** Logins beyond a header: client credentials of OAuth 2, and certificates. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { rootCertificates, type TLSSocket } from "node:tls";
import { type HttpClient, HttpError, httpHook } from "dagsmith/plugins/http";
import { runTask } from "dagsmith/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { formOf } from "../../../plugins/http/access_token.ts";
import { certificatesForOthers, transportOf } from "../../../plugins/http/transport.ts";
import { type Certificate, makeCertificate } from "../../support/certificates.ts";
import { type Loopback, loopback, sendCut, sendJson } from "../../support/loopback.ts";

const SECRET = "cl1ent-s3cret";

const using = <Output>(connection: object, work: (client: HttpClient) => Promise<Output>) =>
  runTask<Output>(async ({ hook }) => work(await hook(httpHook("api"))), {
    connections: { api: { type: "https", ...connection } },
  });

const faultOf = (error: unknown): unknown =>
  error instanceof HttpError ? [error.message, error.retryable] : String(error);

describe("client credentials", () => {
  const connected = (service: Loopback, issuer: Loopback, extra = {}) => ({
    ...{ host: service.url, login: "etl", password: SECRET },
    extra: { login_url: `${issuer.url}/token`, scope: "read", ...extra },
  });
  /** Issues `t1`, `t2` and so on. */
  const issuing = (more: object = {}) =>
    loopback((_, response, count) =>
      sendJson(response, 200, { access_token: `t${count}`, token_type: "Bearer", ...more }),
    );
  const tokensOf = ({ requests }: Loopback) => requests.map(({ headers }) => headers.authorization);

  test("a token serves all requests of a client until it is refused", async () => {
    await using issuer = await issuing({ expires_in: 3600 });
    await using service = await loopback(({ headers }, response, count) =>
      sendJson(response, count === 3 && headers.authorization === "Bearer t1" ? 401 : 200, {}),
    );
    await through(service, issuer, async (client) => {
      await Promise.all([client.get("/a"), client.get("/b")]);
      await client.post("/c", { json: 1 });
      await client.get("/d");
    });
    expect(tokensOf(service)).toEqual(
      ["t1", "t1", "t1", "t2", "t2"].map((token) => `Bearer ${token}`),
    );
    expect(issuer.requests.map(({ body }) => body)).toEqual(
      Array(2).fill("grant_type=client_credentials&scope=read"),
    );
    expect(issuer.requests[0]?.headers.authorization).toBe(`Basic ${btoa(`etl:${SECRET}`)}`);
    expect(service.requests[3]?.body).toBe("1");
  });

  const through = <Output>(
    service: Loopback,
    issuer: Loopback,
    work: (client: HttpClient) => Promise<Output>,
  ) => using(connected(service, issuer), work);

  test("a token serves later tries of the process, but none with another secret", async () => {
    await using issuer = await issuing({ expires_in: 3600 });
    await using service = await loopback((_, response) => sendJson(response, 200, {}));
    const once = (client: HttpClient) => client.json("/");
    await through(service, issuer, once);
    await through(service, issuer, once);
    await changed(service, issuer, { password: "rotated" });
    await changed(service, issuer, {
      extra: { ...connected(service, issuer).extra, scope: "all" },
    });
    expect(tokensOf(service)).toEqual(["t1", "t1", "t2", "t3"].map((token) => `Bearer ${token}`));
  });

  const changed = (service: Loopback, issuer: Loopback, fields: object) =>
    using({ ...connected(service, issuer), ...fields }, (client) => client.json("/"));

  test("a token that a later try finds refused is requested again", async () => {
    await using issuer = await issuing();
    await using service = await loopback(({ headers }, response, count) =>
      sendJson(response, count > 1 && headers.authorization === "Bearer t1" ? 401 : 200, {}),
    );
    for (const path of ["/a", "/b", "/c"])
      await through(service, issuer, (client) => client.json(path));
    expect(tokensOf(service)).toEqual(["t1", "t1", "t2", "t2"].map((token) => `Bearer ${token}`));
  });

  test("a token that has expired is requested again before it is sent", async () => {
    await using issuer = await issuing({ expires_in: 1 });
    await using service = await loopback((_, response) => sendJson(response, 200, {}));
    await through(service, issuer, async (client) => {
      await client.get("/");
      await client.get("/");
    });
    expect(tokensOf(service)).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test.each([null, "", "never", "3600"])(
    "a token that expires in %j serves the next request too",
    async (expires_in) => {
      await using issuer = await issuing({ expires_in });
      await using service = await loopback((_, response) => sendJson(response, 200, {}));
      await through(service, issuer, async (client) => {
        await client.get("/");
        await client.get("/");
      });
      expect(tokensOf(service)).toEqual(["Bearer t1", "Bearer t1"]);
    },
  );

  test("a service that refuses every token gets two, and its refusal is the error", async () => {
    await using issuer = await issuing();
    await using service = await loopback((_, response) => sendJson(response, 401, {}));
    const { output } = await through(service, issuer, (client) => client.json("/x").catch(faultOf));
    expect(output).toEqual([expect.stringMatching(/^GET \/x answered 401 Unauthorized/), false]);
    expect(tokensOf(service)).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test.each([
    [401, { error: "invalid_client" }, /^POST \/token answered 401 .*invalid_client/],
    [200, { token: "x" }, /^POST \/token answered 200 without an access_token \(127/],
    [200, null, /^POST \/token answered 200 without an access_token/],
  ])(
    "an issuer that answers %i %j is the error, without the secret",
    async (status, body, says) => {
      await using issuer = await loopback((_, response) => sendJson(response, status, body));
      await using service = await loopback((_, response) => sendJson(response, 200, {}));
      const error = await through(service, issuer, (client) => client.json("/x")).catch(String);
      expect(String(error).replace("HttpError: ", "")).toMatch(says);
      expect(error).not.toContain(SECRET);
      expect(service.requests).toEqual([]);
    },
  );

  test("an issuer that is busy is asked again", async () => {
    await using issuer = await loopback((_, response, count) =>
      sendJson(response, count === 1 ? 503 : 200, { access_token: "t" }),
    );
    await using service = await loopback((_, response) => sendJson(response, 200, {}));
    await through(service, issuer, (client) => client.json("/x"));
    expect(tokensOf(service)).toEqual(["Bearer t"]);
  });

  test("id and secret are encoded, in the header or in the body", () => {
    const source = { url: new URL("http://a/"), clientId: "a b", clientSecret: "c:é", form: {} };
    const { headers } = formOf({ ...source, secretIn: "header" });
    expect(headers.authorization).toBe(`Basic ${btoa("a+b:c%3A%C3%A9")}`);
    expect(formOf({ ...source, secretIn: "body" })).toEqual({
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials&client_id=a+b&client_secret=c%3A%C3%A9",
    });
  });

  test("a connection without an id or a secret is refused", async () => {
    const extra = { login_url: "https://login.example.com/token" };
    await expect(
      using({ host: "h", login: "etl", extra }, (client) => client.json("/")),
    ).rejects.toThrow("login_url needs the client's id (login) and its secret (password)");
  });
});

describe("certificates", () => {
  let server: Certificate;
  let client: Certificate;
  beforeAll(async () => {
    [server, client] = await Promise.all([makeCertificate("server"), makeCertificate("client")]);
  });

  /** A server that knows its callers by their certificates. */
  async function tlsServer(answer: Parameters<typeof createServer>[1]) {
    const https = createServer(
      { ...server, ca: [client.cert], requestCert: true, rejectUnauthorized: false },
      answer,
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    https.listen(0, "127.0.0.1", resolve);
    await promise;
    return {
      url: `https://127.0.0.1:${(https.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        const closed = Promise.withResolvers<void>();
        https.close(() => closed.resolve());
        https.closeAllConnections();
        await closed.promise;
      },
    };
  }
  const callerOf = (socket: unknown): unknown =>
    (socket as TLSSocket).getPeerCertificate().subject?.CN ?? null;

  test("the own authority is trusted, and the client shows its certificate", async () => {
    await using service = await tlsServer(async (request, response) => {
      const { method, url, headers } = request;
      const [body, caller] = [await text(request), callerOf(request.socket)];
      sendJson(response, 200, { method, url, body, caller, length: headers["content-length"] });
    });
    const extra = { verify: server.cert, cert: client.cert, private_key: client.key };
    const { output } = await using({ host: service.url, extra }, async (api) => [
      await api.json("/a?b=1"),
      await (await api.post("/c", { json: { d: "é" } })).json(),
      (
        await api.request("PUT", "/e", {
          body: async function* () {
            yield "f";
            yield "g";
          },
        })
      ).status,
      (await api.request("HEAD", "/h")).headers.get("content-type"),
      (await api.get("/i")).url,
    ]);
    expect(output).toEqual([
      { method: "GET", url: "/a?b=1", body: "", caller: "client" },
      { method: "POST", url: "/c", body: '{"d":"é"}', caller: "client", length: "10" },
      200,
      "application/json; charset=utf-8",
      `${service.url}/i`,
    ]);
  });

  test("another server never sees the certificate of the client", async () => {
    const callers: unknown[] = [];
    await using other = await tlsServer((request, response) => {
      callers.push(callerOf(request.socket));
      response.end("there");
    });
    await using service = await tlsServer((_, response) =>
      response.writeHead(302, { location: `${other.url}/there` }).end(),
    );
    const extra = { verify: server.cert, cert: client.cert, private_key: client.key };
    const { output } = await using({ host: service.url, extra }, async (api) =>
      (await api.get("/")).text(),
    );
    expect([output, callers]).toEqual(["there", [null]]);
  });

  test("another server never gets the body of a GET", async () => {
    await using other = await loopback((_, response) => response.end("there"));
    await using service = await tlsServer((_, response) =>
      response.writeHead(307, { location: `${other.url}/there` }).end(),
    );
    const connection = { host: service.url, extra: { verify: server.cert } };
    await expect(
      using(connection, (api) => api.request("GET", "/", { json: 1 }).then(() => null)),
    ).rejects.toThrow(/a redirect to .*\/there: no body is sent to another server;/);
    expect(other.requests).toEqual([]);
  });

  test("a body that is cut is requested again, and a download that is cut fails", async () => {
    let count = 0;
    await using service = await tlsServer((_, response) => {
      count += 1;
      if (count === 2) sendJson(response, 200, { count });
      else sendCut(response, { text: "x".repeat(100_000) });
    });
    const connection = { host: service.url, extra: { verify: server.cert } };
    expect((await using(connection, (api) => api.json("/"))).output).toEqual({ count: 2 });
    await expect(
      using(connection, async (api) => text(await api.download("/file"))),
    ).rejects.toThrow();
  });

  test("a body that stops is an error, also after the headers", async () => {
    await using service = await tlsServer((_, response) => void response.write("half"));
    const transport = transportOf(service.url, { ca: server.cert }, 500);
    const { signal } = new AbortController();
    const answer = await transport(new URL(service.url), { method: "GET", headers: {}, signal });
    await expect(answer.text()).rejects.toThrow("the server sent nothing for 0.5 s");
  });

  test("the end of a try ends the source of its body", async () => {
    const ended = Promise.withResolvers<void>();
    const task = new AbortController();
    await using service = await tlsServer(() => task.abort(new Error("cancelled")));
    const body = async function* () {
      try {
        for (;;) yield Buffer.alloc(1_000_000);
      } finally {
        ended.resolve();
      }
    };
    const exchange = { method: "PUT", headers: {}, body: body(), signal: task.signal };
    const transport = transportOf(service.url, { ca: server.cert });
    await expect(transport(new URL(service.url), exchange)).rejects.toThrow("fetch failed");
    await ended.promise;
  });

  test("other servers are judged by the authorities of Node too, and see no certificate", () => {
    const { ca, ...rest } = certificatesForOthers({ ca: server.cert, ...client });
    expect(ca).toEqual(expect.arrayContaining([server.cert, rootCertificates[0]]));
    expect(rest).toEqual({});
    expect(certificatesForOthers(client)).toEqual({});
  });

  test("a server of another authority is refused for good", async () => {
    await using service = await tlsServer((_, response) => response.end());
    const { output } = await using({ host: service.url, extra: { verify: client.cert } }, (api) =>
      api.json("/").catch(faultOf),
    );
    expect(output).toEqual([expect.stringMatching(/^GET \/ failed: .*certificate/), false]);
  });

  test.each([
    [
      { verify: "/nowhere/ca.pem" },
      "field verify of the connection is neither PEM text nor a file",
    ],
    [
      { verify: "-----BEGIN CERTIFICATE-----\nAAAA\n" },
      "field verify of the connection is no certificate in PEM",
    ],
    [{ cert: "x" }, "a client certificate needs both cert and private_key"],
  ])("a connection with %j is refused", async (extra, reason) => {
    await expect(using({ host: "h", extra }, (api) => api.json("/"))).rejects.toThrow(reason);
  });

  test("a key that does not belong to its certificate is refused, and not repeated", async () => {
    const extra = { cert: client.cert, private_key: server.key };
    const error = String(await using({ host: "h", extra }, (api) => api.json("/")).catch(String));
    expect(error).toMatch(/cert and private_key of the connection cannot be used: .*mismatch/);
    expect(error).not.toContain("BEGIN");
  });

  test("an address without TLS takes no certificates", async () => {
    await expect(
      using({ host: "http://h", extra: { verify: server.cert } }, (api) => api.json("/")),
    ).rejects.toThrow("has certificates, but its address http://h is not https");
  });
});
