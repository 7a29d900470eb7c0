/** Texts as bytes, in pieces of about one size: small ones cost more than their bytes. */

const PIECE_CHARACTERS = 64 * 1024;

export async function* inPieces(
  batches: AsyncIterable<Iterable<string>>,
): AsyncGenerator<Uint8Array> {
  let piece = "";
  for await (const batch of batches)
    for (const text of batch) {
      piece += text;
      if (piece.length < PIECE_CHARACTERS) continue;
      yield Buffer.from(piece);
      piece = "";
    }
  if (piece !== "") yield Buffer.from(piece);
}
