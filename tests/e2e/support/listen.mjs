// For the server programs: listens on HOST PORT (0 = any) and tells the port. A port that its last owner has not quite
// given back is tried again.
export function listen(server, host, port) {
  const attempt = () => server.listen({ host, port: Number(port), backlog: 2048 });
  server.on("error", (error) => {
    if (error.code !== "EADDRINUSE") throw error;
    setTimeout(attempt, 50);
  });
  server.on("listening", () => console.log(JSON.stringify({ listening: server.address().port })));
  attempt();
}
