/**
 * Downloads a list of products, keeps some of their columns by a Python script, and
 * stores the average price of each brand as a table, computed by DuckDB.
 *
 * Connection: `products`, an HTTP service such as https://dummyjson.com. Needs a store
 * for files (`DAG_XCOM_FOLDER`), Python 3 on the machine of the worker, and the package
 * @duckdb/node-api.
 */
import { dag, pick, sql } from "dagsmith";
import { duckdbFile } from "dagsmith/plugins/duckdb";
import { httpHook } from "dagsmith/plugins/http";
import { python } from "dagsmith/plugins/process";
import { z } from "zod";
import productsPy from "./products_by_brand.py";

const d = dag("products_by_brand", {
  params: z.object({ columns: z.array(z.string()).default(["brand", "price"]) }),
  defaults: { retries: 2, retryDelay: "30s" },
});

const data = d.task("download", async ({ hook, files }) => {
  const service = await hook(httpHook("products"));
  return files.put("data.json", await service.download("/products"));
});

const kept = d.task(
  "keep_columns",
  { inputs: { data } },
  python({ script: productsPy, files: ["products.json"] }),
);

d.task(
  "average_prices",
  { inputs: { products: pick(kept, "files") } },
  duckdbFile({
    tables: ({ inputs }) => ({ products: inputs.products["products.json"] }),
    // A product without a price counts for no average.
    sql: sql`
      select brand, round(avg(try_cast(price as double)), 2) as average_price
      from products group by brand order by average_price desc nulls last, brand`,
    name: "brands.csv",
  }),
);

export default d;
