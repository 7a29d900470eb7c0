/** Files of tasks on the page and in the API, and their download. */
import { expect, onTestFinished, test } from "vitest";
import { valuesInFolder } from "../../../runtime/large_values/folder.ts";
import { folderPlace } from "../../support/large_values.ts";
import { dagSpec } from "../../support/rows.ts";
import { testWeb } from "../../support/web.ts";

const OBJECT = "11111111-2222-4333-8444-555555555555";

async function webWithFile(name: string, content: string | null) {
  const { folder } = await folderPlace();
  const web = await testWeb({ filesFolder: folder });
  onTestFinished(() => web.close());
  const run = await web.rows.run("made", await web.rows.dag(dagSpec("made")));
  const instance = await web.rows.instance(run, "only", { state: "success" });
  await web.rows.sql(
    `insert into dagsmith.task_file (object, run_id, task_id, map_index, try_number, name, content_type, bytes, sha256, state)
     values ($1, $2, 'only', -1, 1, $3, 'text/html', $4, $5, 'kept')`,
    [OBJECT, run, name, Buffer.byteLength(content ?? "gone"), "a".repeat(64)],
  );
  if (content !== null) await valuesInFolder(folder).write(OBJECT, Buffer.from(content));
  return { ...web, run, address: `/files/${instance}/${OBJECT}/download` };
}

test("a task's page lists its files with links, and the API has them", async () => {
  const { url, run, address } = await webWithFile('a "b".html', "<b>é</b>");
  const page = await (await fetch(`${url}/runs/${run}/tasks/only`)).text();
  expect(page).toContain(`<a href="${address}">a &quot;b&quot;.html</a>`);
  const api = await (await fetch(`${url}/api/v1/runs/${run}/tasks/only`)).json();
  expect(api.files).toMatchObject([{ object: OBJECT, bytes: 9, contentType: "text/html" }]);
});

test("a download is the file as it was stored, and never a page of ours", async () => {
  const { url, address } = await webWithFile("a.html", "<b>é</b>");
  const answer = await fetch(`${url}${address}`);
  expect(await answer.text()).toBe("<b>é</b>");
  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  expect(answer.headers.get("content-disposition")).toBe("attachment; filename=a.html");
});

test("a download of what is gone breaks off; an unknown file is not found", async () => {
  const { url, address } = await webWithFile("a.html", null);
  await expect(fetch(`${url}${address}`).then((one) => one.text())).rejects.toThrow();
  expect((await fetch(`${url}${address.replace(OBJECT, OBJECT.replace("1", "2"))}`)).status).toBe(
    404,
  );
  expect((await fetch(`${url}${address.replace(OBJECT, "none")}`)).status).toBe(400);
  const [, , other] = address.split("/");
  expect((await fetch(url + address.replace(`/${other}/`, "/999/"))).status).toBe(404);
});
