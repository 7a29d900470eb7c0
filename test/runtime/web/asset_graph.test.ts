/** The graph of assets and DAGs: its edges, the lineage of one asset, and its pages. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AssetOverview } from "../../../runtime/store/reads/assets.ts";
import { listAssetsNear } from "../../../runtime/store/reads/assets.ts";
import {
  type AssetGraph,
  assetGraph,
  assetGraphRequest,
  lineageOf,
} from "../../../runtime/web/graph/asset_graph.ts";
import { placeGraph } from "../../../runtime/web/graph/layout_graph.ts";
import { linksIn } from "../../support/page_links.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

/** An asset, the DAGs that update it, those that wait for it and those that read it. */
function asset(
  uri: string,
  by: readonly string[],
  starts: readonly string[] = [],
  reads: readonly string[] = [],
): AssetOverview {
  const task = (dagId: string) => ({ dagId, taskId: "t" });
  return {
    ...{ uri, name: null, extra: {}, producers: by.map(task), readers: reads.map(task) },
    ...{ consumers: starts.map((dagId) => ({ dagId, isUpdated: false })), lastEventAt: null },
  };
}

const edgesOf = ({ edges }: AssetGraph): string[] =>
  edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`).toSorted();

describe("edges", () => {
  test("lead from a DAG to what it updates, and on to what that starts or what reads it", () => {
    expect(edgesOf(assetGraph([asset("a", ["w"], ["s"], ["r"])]))).toEqual([
      "asset a reads dag r",
      "asset a starts dag s",
      "dag w updates asset a",
    ]);
  });

  test("of two tasks of one DAG are one, and starting counts more than reading", () => {
    expect(edgesOf(assetGraph([asset("a", ["w", "w"], ["s"], ["s"])]))).toEqual([
      "asset a starts dag s",
      "dag w updates asset a",
    ]);
  });

  test("keep a DAG and an asset of one name apart", () => {
    expect(assetGraph([asset("same", ["same"])]).nodes).toHaveLength(2);
  });
});

describe("the lineage of an asset", () => {
  const all = assetGraph([
    asset("raw", ["load"], ["clean"]),
    asset("clean", ["clean"], ["report"]),
    asset("other", ["load"], ["elsewhere"]),
    asset("alone", []),
  ]);
  const idsOf = (uri: string): string[] =>
    lineageOf(all, uri)
      .nodes.map(({ id }) => id)
      .toSorted();

  test("has all that leads to it and all that it leads to, and nothing else", () => {
    expect(idsOf("clean")).toEqual([
      ...["asset clean", "asset raw", "dag clean", "dag load", "dag report"],
    ]);
    expect(idsOf("alone")).toEqual(["asset alone"]);
  });

  test("ends where DAGs start each other in a circle", () => {
    const circle = assetGraph([asset("a", ["x"], ["y"]), asset("b", ["y"], ["x"])]);
    expect(lineageOf(circle, "a").nodes).toHaveLength(4);
    const layout = placeGraph(assetGraphRequest(circle));
    expect(layout.nodes).toHaveLength(4);
    expect(layout.edges.every(({ points }) => points.length > 1)).toBe(true);
  });
});

describe("the pages", () => {
  let web: TestWeb;
  beforeAll(async () => {
    web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
    const outlets = [{ asset: "lake://a" }];
    await web.rows.dag(dagSpec("writer", { tasks: [taskSpec("write", { outlets })] }));
    await web.rows.dag(dagSpec("reader", { assets: { asset: "lake://a" } }));
    await web.rows.dag(dagSpec("stranger", { assets: { asset: "lake://<b>" } }));
  });
  afterAll(() => web.close());

  const drawingOf = async (path: string): Promise<string> =>
    /<div class="scroll graph assets".*?<\/div>/s.exec(
      await (await fetch(web.url + path)).text(),
    )?.[0] ?? "";

  test("draw all assets with links to each asset and each DAG", async () => {
    const links = linksIn(await drawingOf("/data"));
    expect(links.toSorted()).toEqual([
      ...["/dags/reader", "/dags/stranger", "/dags/writer"],
      ...["/data/events?uri=lake%3A%2F%2F%3Cb%3E", "/data/events?uri=lake%3A%2F%2Fa"],
    ]);
  });

  test("say when an asset was updated", async () => {
    expect(await drawingOf("/data")).toContain("never updated");
    await web.rows.sql(
      "insert into dagsmith.asset_event (uri, actor, at) values ('lake://a', 'ada', '2026-03-05T04:00Z')",
    );
    expect(await drawingOf("/data")).toContain("2026-03-05 04:00");
  });

  test("draw the lineage of one asset, and mark it", async () => {
    const drawing = await drawingOf(`/data/events?uri=${encodeURIComponent("lake://a")}`);
    expect(drawing).not.toContain("stranger");
    expect(drawing.match(/aria-current="true"/g)).toHaveLength(1);
  });

  test("draw what is near an asset over several DAGs, in a circle too, and read no other asset", async () => {
    const step = (dagId: string, from: string, to: string) =>
      web.rows.dag(
        dagSpec(dagId, {
          assets: { asset: from },
          tasks: [taskSpec("write", { outlets: [{ asset: to }] })],
        }),
      );
    await step("near_1", "near://1", "near://2");
    await step("near_2", "near://2", "near://3");
    await step("near_3", "near://3", "near://4");
    await step("near_back", "near://4", "near://2");
    await step("near_side", "near://side", "near://4");
    const near = async (uri: string): Promise<string[]> =>
      (await listAssetsNear(web.db, uri, 150)).map((asset) => asset.uri);
    expect(await near("near://1")).toEqual(["near://1", "near://2", "near://3", "near://4"]);
    expect(await near("near://3")).toEqual([
      ...["near://1", "near://2", "near://3", "near://4", "near://side"],
    ]);
    expect((await listAssetsNear(web.db, "near://3", 1)).length).toBeLessThanOrEqual(2);
    const links = linksIn(await drawingOf(`/data/events?uri=${encodeURIComponent("near://1")}`));
    expect(links).toContain("/dags/near_back");
    expect(links).not.toContain("/dags/near_side");
  });

  test("of many assets have the table only", async () => {
    const outlets = Array.from({ length: 301 }, (_, n) => ({ asset: `many://${n}` }));
    await web.rows.dag(dagSpec("many", { tasks: [taskSpec("write", { outlets })] }));
    expect(await drawingOf("/data")).toBe("");
    expect(await drawingOf("/data/events?uri=many%3A%2F%2F7")).toContain("many://7");
  });
});
