#include "app/demo_page.h"

namespace limpet::app {

namespace {

constexpr std::string_view kBeforeName = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>limpet demo</title>
<style>
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
 pre { background: #8881; padding: 1rem; min-height: 8rem; white-space: pre-wrap }
 input { font: inherit; width: 60% }
</style>
<h1>limpet demo</h1>
<p>This page came from backend <b>)";

constexpr std::string_view kAfterName =
    R"(</b>. Reload it: you stay there. Open a private window: you may land elsewhere.
<p><label>Say something: <input id="text" autofocus></label> <button id="send">Send</button>
<pre id="log" aria-live="polite"></pre>
<script>
 const log = line => document.getElementById('log').textContent += line + '\n';
 const socket = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/');
 socket.onopen = () => log('WebSocket open');
 socket.onmessage = event => log('received  ' + event.data);
 socket.onclose = event => log('closed: ' + event.code + ' ' + event.reason);
 const text = document.getElementById('text');
 const send = () => { socket.send(text.value); text.value = ''; };
 document.getElementById('send').onclick = send;
 text.onkeydown = event => { if (event.key === 'Enter') send(); };
</script>
</html>
)";

}  // namespace

std::string demo_page(std::string_view backend_name) {
  std::string page(kBeforeName);
  page += backend_name;
  page += kAfterName;
  return page;
}

}  // namespace limpet::app
