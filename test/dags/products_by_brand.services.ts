/** Products from a service on loopback, through Python and DuckDB. */
import { runDag } from "dagsmith/testing";
import { expect, it, onTestFinished } from "vitest";
import productsByBrand from "../../dags/products_by_brand.ts";
import { describeWith } from "../support/counterpart.ts";
import { loopback, sendJson } from "../support/loopback.ts";
import { findPyPI } from "../support/python_packages.ts";

const PRODUCTS = [
  { title: "a", brand: "Essence", price: 10 },
  { title: "b", brand: "Essence", price: 5.5 },
  { title: "c", brand: "Glamour", price: 20 },
  { title: "d", price: 3 },
];

describeWith("products_by_brand with Python", await findPyPI("six==1.16.0"), () => {
  const run = async (products: unknown, columns?: string[]) => {
    const service = await loopback((_, response) => sendJson(response, 200, { products }));
    onTestFinished(() => service[Symbol.asyncDispose]());
    const done = await runDag(productsByBrand, {
      ...(columns && { params: { columns } }),
      connections: { products: { type: "http", host: service.url } },
    });
    return { done, path: service.requests[0]?.url.pathname };
  };

  it("stores the average price of each brand, the highest first", async () => {
    const { done, path } = await run(PRODUCTS);
    expect(done.tasks.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(path).toBe("/products");
    const table = done.files.find(({ ref }) => ref.name === "brands.csv");
    expect(await table?.text()).toBe("brand,average_price\nGlamour,20.0\nEssence,7.75\nN/A,3.0\n");
  });

  it("fails with the column that was not kept, and does not try again", async () => {
    const { done } = await run(PRODUCTS, ["brand"]);
    const failed = done.tasks.find(({ state }) => state === "failed");
    expect([failed?.taskId, failed?.tryNumber]).toEqual(["average_prices", 1]);
    expect(failed?.error?.message).toContain('"price" not found');
  });
});
