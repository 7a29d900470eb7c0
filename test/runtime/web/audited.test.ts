/** Every action of the audit says who did what, and of a change what was before and after. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { AUDITED, type AuditedAction } from "../../../runtime/access/audited.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { rotateKeys } from "../../../runtime/actions/rotate_keys.ts";
import { recordReveal } from "../../../runtime/actions/secrets.ts";
import { deleteStateValue, setStateValue } from "../../../runtime/actions/state.ts";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { parseSecretKeys } from "../../../runtime/secrets/keys.ts";
import { recordRefusal } from "../../../runtime/store/access/refusal.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { createEndRuns } from "../../../runtime/transactions/end_runs.ts";
import { keepOidcUser } from "../../../runtime/web/login/oidc_user.ts";
import { maskRow } from "../../../runtime/web/read/mask.ts";
import { auditText } from "../../../runtime/words/audit_text.ts";
import type { Json } from "../../../sdk/json.ts";
import { dagRun } from "../../../sdk/sources/dag_run.ts";
import { webhook } from "../../../sdk/sources/webhook.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { auditedWorld, by, lake, newId, SECRET, specOf } from "../../support/audited_world.ts";
import { known, versionOf } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let world: ReturnType<typeof auditedWorld>;
beforeAll(async () => {
  web = await testWeb();
  world = auditedWorld(web);
});
afterAll(() => web.close());

const deploy = (...specs: readonly DagSpec[]) =>
  actions.deployFolder(web.db, { versions: specs.map((one) => versionOf(one)), errors: [] }, by);

async function succeed(dagId: string): Promise<void> {
  const runs = "select id from dagsmith.dag_run where dag_id = $1 and state = 'running'";
  for (const { id } of await web.rows.sql(runs, [dagId]))
    await actions.markRun(web.db, { id: Number(id), to: "success", ...by });
  await createEndRuns(web.db, new Plans());
}

async function logOut(cookie: string): Promise<void> {
  const headers = { Cookie: cookie, Origin: web.url };
  const account = await (await fetch(`${web.url}/account`, { headers })).text();
  const token = /name="_form" value="([^"]+)"/.exec(account)?.[1] ?? "";
  const body = new URLSearchParams({ _form: token });
  await fetch(`${web.url}/logout`, { method: "POST", headers, body, redirect: "manual" });
}

/** What does each action, on rows of its own. */
const DO: Readonly<Record<AuditedAction, () => Promise<unknown>>> = {
  trigger: async () => actions.triggerRun(web.db, { dagId: await world.dag(), ...by }),
  backfill: () => world.backfill(),
  "pause backfill": async () =>
    actions.pauseBackfill(web.db, { id: await world.backfill(), ...by }),
  "resume backfill": async () => {
    const id = await world.backfill();
    await actions.pauseBackfill(web.db, { id, ...by });
    await actions.resumeBackfill(web.db, { id, ...by });
  },
  "cancel backfill": async () =>
    actions.cancelBackfill(web.db, { id: await world.backfill(), ...by }),
  pause: async () => actions.pauseDag(web.db, { dagId: await world.dag(), ...by }),
  unpause: async () => {
    const dagId = await world.dag();
    await actions.pauseDag(web.db, { dagId, ...by });
    await actions.unpauseDag(web.db, { dagId, ...by });
  },
  cancel: async () => actions.cancelRun(web.db, { id: await world.run("running"), ...by }),
  "cancel task": async () => {
    const { id } = await actions.triggerRun(web.db, { dagId: await world.dag(), ...by });
    await actions.cancelTask(web.db, { id, taskId: "only", ...by });
  },
  clear: async () =>
    actions.clearRuns(web.db, { of: { run: await world.run("failed", "failed") }, ...by }),
  "mark run": async () =>
    actions.markRun(web.db, { id: await world.run("failed", "failed"), to: "success", ...by }),
  "mark task": async () =>
    actions.markTask(web.db, {
      ...{ id: await world.run("failed", "failed"), taskId: "only", to: "success", ...by },
    }),
  note: async () =>
    actions.noteRun(web.db, { id: await world.run("success"), note: "late", ...by }),
  label: async () =>
    actions.labelRun(web.db, { id: await world.run("success"), labels: { team: "a" }, ...by }),
  answer: async () =>
    actions.answerQuestion(web.db, {
      ...{ id: await world.run("running"), taskId: "approve", value: { publish: true } },
      ...{ by: "ada", ...by },
    }),
  "send event": async () =>
    actions.sendEvent(web.db, { id: await world.run("running"), name: "go", value: 1, ...by }),
  "update asset": async () => {
    const uri = `s3://${newId("x")}/x`;
    await web.rows.sql("insert into dagsmith.asset (uri) values ($1)", [uri]);
    await actions.updateAsset(web.db, { uri, extra: { rows: 1 }, ...by });
  },
  webhook: async () => {
    const dagId = await world.dag({ on: [webhook({ secret: "hook" })] });
    const call = { dagId, name: "webhook", text: "{}", headers: {}, key: null };
    await actions.receiveWebhook(web.db, { ...call, ...by });
  },
  "stop event loop": async () => {
    const [a, b] = [newId("a"), newId("b")];
    await known(
      web.db,
      specOf({ on: [dagRun({ dag: b })] }, a),
      specOf({ on: [dagRun({ dag: a })] }, b),
    );
    await actions.triggerRun(web.db, { dagId: a, ...by });
    for (const dagId of [a, b]) await succeed(dagId);
  },
  deploy: () => deploy(specOf()),
  rollback: async () => {
    const spec = specOf();
    await known(web.db, spec);
    await known(web.db, { ...spec, description: "another" });
    await actions.rollbackDag(web.db, { dagId: spec.dagId, ...by });
  },
  promote: async () => {
    const spec = specOf();
    await known(web.db, spec);
    await known(web.db, { ...spec, description: "another" });
    await actions.rollbackDag(web.db, { dagId: spec.dagId, ...by });
    await actions.promoteDag(web.db, { dagId: spec.dagId, ...by });
  },
  // The other DAGs of this file are in none of its files any more.
  remove: () => deploy(specOf()),
  "install events": async () => actions.installEvents(web.db, await world.listener()),
  "uninstall events": async () => {
    const request = await world.listener();
    await actions.installEvents(web.db, request);
    await actions.uninstallEvents(web.db, request);
  },
  "set pool": async () => actions.setPool(web.db, { name: await world.pool(), slots: 5, ...by }),
  "delete pool": async () => actions.deletePool(web.db, { name: await world.pool(), ...by }),
  "set variable": () => world.variable(),
  "delete variable": async () => actions.deleteVariable(web.db, await world.variable(), by),
  "read variable": () => recordReveal(web.db, "variable", "region", by),
  "set connection": async () =>
    actions.setConnection(web.db, web.secrets.stored, lake(await world.connection(), "b"), by),
  "delete connection": async () =>
    actions.deleteConnection(web.db, web.secrets.stored, await world.connection(), by),
  "test connection": async () => {
    const { types, resolver: secrets } = web.secrets;
    await actions.testConnection(web.db, { types, secrets, id: await world.connection(), ...by });
  },
  "read connection": () => recordReveal(web.db, "connection", "lake", by),
  "rotate keys": () => rotateKeys(web.db, parseSecretKeys(newSecretKey()), by),
  "set state": () => setStateValue(web.db, { scope: "dag:d", key: newId("x"), value: [1], ...by }),
  "delete state": async () => {
    const place = { scope: "dag:d", key: newId("x"), ...by };
    await setStateValue(web.db, { ...place, value: 1 });
    await deleteStateValue(web.db, place);
  },
  clean: () => actions.clean(web.db, { ages: {}, ...by }),
  "add user": () => world.user(),
  "set role": async () =>
    actions.setRole(web.db, { name: await world.user(), role: "editor", tag: "finance", ...by }),
  "roles by OIDC": async () => {
    const user = { issuer: "https://id.example.org", subject: "ada", names: ["oidc-ada"] };
    await keepOidcUser(web.db, { ...user, grants: [{ role: "viewer", tag: null }], next: "/" });
  },
  "disable user": async () => actions.disableUser(web.db, { name: await world.user(), ...by }),
  "enable user": async () => {
    const name = await world.user();
    await actions.disableUser(web.db, { name, ...by });
    await actions.enableUser(web.db, { name, ...by });
  },
  "remove user": async () => actions.removeUser(web.db, { name: await world.user(), ...by }),
  "make login link": async () => actions.makeLoginLink(web.db, { name: await world.user(), ...by }),
  "create token": () => world.token(),
  "revoke token": async () =>
    actions.revokeToken(web.db, { user: await world.token(), name: "ci", ...by }),
  "change password": async () => {
    const changed = { userId: await world.userId(), sessionId: null };
    await actions.changePassword(web.db, { ...changed, password: SECRET, ...by });
  },
  "set password by link": async () => {
    const secret = await actions.makeLoginLink(web.db, { name: await world.user(), ...by });
    await actions.acceptLink(web.db, { secret, name: "", password: SECRET, address: "192.0.2.7" });
  },
  "log in": () => world.session(),
  "log out": async () => logOut(await world.session()),
  "end session": async () => {
    await world.session();
    const sessions = "select id, user_id from dagsmith.web_session order by id desc limit 1";
    const [row] = await web.rows.sql(sessions);
    const session = { id: Number(row?.id), userId: Number(row?.user_id) };
    await actions.endSession(web.db, { ...session, ...by });
  },
  "end sessions": async () => actions.endUserSessions(web.db, { name: await world.user(), ...by }),
  "refuse password": () =>
    recordRefusal(web.db, { from: "192.0.2.1", action: "refuse password", user: "ada" }),
  "refuse token": () =>
    recordRefusal(web.db, { from: "192.0.2.1", action: "refuse token", user: null }),
  "refuse link": () =>
    recordRefusal(web.db, { from: "192.0.2.1", action: "refuse link", user: null }),
};

interface Entry {
  readonly actor: string;
  readonly detail: Readonly<Record<string, Json>>;
}

/** The newest entry of an action. */
async function entryOf(action: string): Promise<Entry | undefined> {
  const newest =
    "select actor, detail from dagsmith.audit where action = $1 order by id desc limit 1";
  return (await web.rows.sql(newest, [action]))[0] as Entry | undefined;
}

test.each(Object.entries(AUDITED))("the entry of %s is of the kind %s", async (action, kind) => {
  await DO[action as AuditedAction]();
  const entry = await entryOf(action);
  expect(entry?.actor).toMatch(/\S/);
  const detail = entry?.detail ?? {};
  expect(["before", "after"].filter((name) => Object.hasOwn(detail, name))).toEqual(
    { change: ["before", "after"], creation: ["after"], removal: ["before"], act: [] }[kind],
  );
  if (kind === "change") expect(detail.after).not.toEqual(detail.before);
  expect(auditText({ action, detail })).not.toMatch(/\?$|undefined|\[object|no change/);
  expect(auditText({ action, detail })).not.toBe(action);
  // The page hides what stands under a name that looks secret: no name of ours may.
  const { detail: shown } = maskRow((text) => text, { detail }, []);
  expect(auditText({ action, detail: shown })).toBe(auditText({ action, detail }));
});

test.each([
  ["deploy", { version: 3 }, "deployed version 3"],
  ["rollback", { version: 3 }, "went back to version 3"],
  ["add user", { user: "ann", roles: ["admin"] }, "added user ann as admin"],
  ["create token", { user: "ann", token: "ci" }, "created token ci of ann"],
])("the entry of %s of an earlier release still reads", (action, detail, text) => {
  expect(auditText({ action, detail })).toBe(text);
});

test("no entry has a secret, the host of a connection, or an action that is not registered", async () => {
  const entries = await web.rows.sql("select action, detail::text from dagsmith.audit");
  const text = JSON.stringify(entries);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain("host-before");
  const known = Object.keys(AUDITED);
  expect(entries.filter(({ action }) => !known.includes(String(action)))).toEqual([]);
});

test("a change tells the fields that have another value", async () => {
  const name = await world.pool();
  await actions.setPool(web.db, { name, slots: 5, description: "calls", ...by });
  const { detail = {} } = (await entryOf("set pool")) ?? {};
  expect(auditText({ action: "set pool", detail })).toBe(
    `set pool ${name}: slots 3 → 5, description none → calls`,
  );
  const id = await world.connection();
  await actions.setConnection(web.db, web.secrets.stored, lake(id, "host-after"), by);
  expect((await entryOf("set connection"))?.detail).toMatchObject({
    before: { type: "postgres", fields: ["host", "login", "password", "port", "schema"] },
    after: { changed: ["host"] },
  });
});

test("a value that is too large for the log is only measured", async () => {
  const place = { scope: "dag:d", key: newId("large"), ...by };
  await setStateValue(web.db, { ...place, value: "x".repeat(10_000) });
  expect((await entryOf("set state"))?.detail).toMatchObject({
    ...{ before: null, after: { characters: 10_012 } },
  });
});
