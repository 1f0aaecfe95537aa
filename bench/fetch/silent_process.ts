/** A server that answers every request but those of `/silent`, which it leaves open. */
import { createServer } from "node:http";

const server = createServer(({ url }, response) => {
  if (url !== "/silent") response.end("ok");
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${(server.address() as { port: number }).port}`);
});
