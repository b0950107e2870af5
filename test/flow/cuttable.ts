import { connect, createServer, type Socket } from 'node:net';

/** A way to a database that can be cut: what is connected ends, and what connects is closed until it is mended. */
export async function cuttable(port: number, host: string) {
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((from) => {
    if (!open) return void from.destroy();
    const to = connect(port, host);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    cut,
    mend: () => {
      open = true;
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
