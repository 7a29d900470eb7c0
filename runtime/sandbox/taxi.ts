/**
 * A simulated archive of New York's taxi trips on loopback: one gzipped CSV for each
 * colour and month, in the columns of the real files. Every month from 2019-01 to 2020-06
 * is there, always with the same trips; every other address is 404.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface SandboxTaxi {
  /** The root URL, without a slash at the end. */
  readonly url: string;
  /** Ends every connection. May be called again. */
  close(): Promise<void>;
}

/** Different trips in each file. */
export const TRIPS_PER_MONTH = 8;
const FIRST_MONTH = "2019-01";
const LAST_MONTH = "2020-06";

const HEADERS = {
  yellow:
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID," +
    "DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount,congestion_surcharge",
  green:
    "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,passenger_count," +
    "trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,improvement_surcharge,total_amount,payment_type,trip_type," +
    "congestion_surcharge",
} as const;
type Colour = keyof typeof HEADERS;

/**
 * Starts the server on 127.0.0.1.
 * @param options.port default 0: any free port
 */
export async function startSandboxTaxi({
  port = 0,
}: {
  readonly port?: number;
} = {}): Promise<SandboxTaxi> {
  const server = createServer((request, response) => {
    const file = /^\/(yellow|green)\/\1_tripdata_(\d{4}-\d{2})\.csv\.gz$/.exec(request.url ?? "");
    const [, colour, month] = file ?? [];
    if (request.method !== "GET" || !month || month < FIRST_MONTH || month > LAST_MONTH)
      return void response.writeHead(404).end();
    const body = gzipSync(tripsCsv(colour as Colour, month));
    response
      .writeHead(200, { "content-type": "application/gzip", "content-length": body.length })
      .end(body);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(port, "127.0.0.1", resolve);
  await listening;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        // A server that was closed before reports an error here; closed is what the
        // caller wants.
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/**
 * As in the real files: lines end in CRLF, the first trip was recorded before its month,
 * and the last trip is there twice.
 */
function tripsCsv(colour: Colour, month: string): string {
  const trips = Array.from({ length: TRIPS_PER_MONTH }, (_, index) => trip(colour, month, index));
  return `${[HEADERS[colour], ...trips, trips.at(-1)].join("\r\n")}\r\n`;
}

function trip(colour: Colour, month: string, index: number): string {
  const pickup =
    index === 0
      ? new Date(Date.parse(`${month}-01T00:00:00Z`) - 3_600_000)
      : new Date(`${month}-0${index}T08:15:00Z`);
  const [from, to] = [pickup, new Date(pickup.getTime() + (index + 5) * 60_000)].map((at) =>
    at.toISOString().slice(0, 19).replace("T", " "),
  );
  const [distance, fare] = [(index * 0.7 + 0.5).toFixed(2), 5 + index * 2];
  const [pickedUpAt, leftAt] = [100 + index, 200 + index];
  const total = (fare + 1.3).toFixed(2);
  return colour === "yellow"
    ? `1,${from},${to},1,${distance},1,N,${pickedUpAt},${leftAt},1,${fare},0.5,0.5,0,0,0.3,${total},`
    : `2,${from},${to},N,1,${pickedUpAt},${leftAt},1,${distance},${fare},0.5,0.5,0,0,,0.3,${total},2,1,`;
}
