"""Speaks to a desk as any agent program does, with the client that the protocol's makers publish:
lists the tools, calls each, and calls them wrongly, over HTTP and on standard input and output.

    python .ci/mcp_client.py PROGRAM FOLDER PACK

PROGRAM is `opora`; the desk is made in FOLDER, which must be empty, with the pack `support-1c` from
the folder PACK. What is not as it should be ends it with a traceback."""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

# A type of ticket of the pack.
TYPE = "support-1c/wish"
TOOLS = {
    "search_articles",
    "search_tickets",
    "read_article",
    "read_ticket",
    "suggest",
    "suggest_for_ticket",
}


class Desk:
    """A server of a new desk, with one article, one ticket and a customer."""

    def __init__(self, program, data, pack):
        self.program, self.data = program, data
        self.server = subprocess.Popen(
            [program, "serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data", data],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = next(line for line in self.server.stdout if "http://" in line)
        try:
            self.fill(line, pack)
        except BaseException:
            self.stop()
            raise

    def fill(self, line, pack):
        self.url = "http://" + line.split("http://")[1].split()[0].rstrip(",/")
        self.admin = open(f"{self.data}/admin-token").read().strip()
        install = [self.program, "pack", "install", "--data", self.data, "--grant", "all", pack]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        self.agent = self.token("--role", "agent")
        account = self.post("/v1/accounts", {"title": "Ромашка", "code": "daisy"})
        contact = self.post("/v1/contacts", {"title": "Анна", "account": account, "portal": True})
        self.customer = self.token("--role", "contact", "--contact", contact)
        article = {"title": "Принтер жуёт бумагу", "status": "published"}
        self.article = self.post(
            "/v1/articles", article | {"body": "Откройте заднюю крышку и выньте лист."}
        )
        hidden = article | {"body": "Крышка с секретом.", "audience": "internal"}
        self.hidden = self.post("/v1/articles", hidden)
        ticket = {"type": TYPE, "title": "Принтер", "description": "Жуёт бумагу с утра."}
        self.ticket = self.post("/v1/tickets", ticket | {"contact": contact})
        self.foreign = self.post("/v1/tickets", ticket)

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def token(self, *args):
        command = [self.program, "token", "create", "--data", self.data, *args]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return next(word for word in said.split() if word.startswith("opora_"))

    def post(self, path, body):
        made = self.ask("POST", path, body)
        self.position = made.get("version", "")
        return made["id"]

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.admin}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    def over_http(self, token, **how):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = httpx2.AsyncClient(headers=headers)
        return Client(streamable_http_client(f"{self.url}/mcp", http_client=http), **how)

    def over_stdio(self, *args, **how):
        return Client(StdioServerParameters(command=self.program, args=["mcp", *args]), **how)


async def refused(client, tool, arguments, words):
    """Calls a tool that must answer with an error that has these words."""
    result = await client.call_tool(tool, arguments)
    said = result.content[0].text
    assert result.is_error and words in said, (tool, arguments, result)


async def agent(desk, client):
    """What an agent's program meets."""
    assert client.server_info.name == "opora", client.server_info
    assert "service desk" in client.instructions
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == TOOLS, tools
    for tool in tools.values():
        assert tool.annotations.read_only_hint and tool.input_schema["required"], tool

    async def ask(tool, **arguments):
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, (tool, result)
        # Programs that know no structured content read the same as text.
        assert json.loads(result.content[0].text) == result.structured_content, tool
        return result.structured_content

    found = await ask("search_articles", query="принтер бумага", locale="ru", limit=5)
    assert desk.article in [hit["id"] for hit in found["hits"]], found
    found = await ask("search_tickets", query="ghbynth")
    assert desk.ticket in [hit["id"] for hit in found["hits"]], found
    found = await ask("read_article", id=desk.article)
    assert found["title"] == "Принтер жуёт бумагу", found
    found = await ask("read_ticket", id=desk.ticket)
    assert found["ticket"]["title"] == "Принтер" and "items" in found["entries"], found
    again = await ask("read_ticket", id=f"#{found['ticket']['number']}")
    assert again["ticket"]["id"] == desk.ticket, again
    found = await ask("suggest", text="Принтер жуёт бумагу", title="Помогите")
    assert desk.article in [hit["id"] for hit in found["articles"]], found
    found = await ask("suggest_for_ticket", id=desk.ticket, limit=3)
    assert desk.article in [hit["id"] for hit in found["articles"]], found

    await refused(client, "read_article", {"id": "nothing"}, "not_found")
    await refused(client, "search_articles", {}, "`query` is missing")
    await refused(client, "search_articles", {"query": "x", "limit": 0}, "`limit`")
    await refused(client, "search_articles", {"query": "x", "delete": True}, "`delete`")
    await refused(client, "read_ticket", {"id": desk.article}, "not_found")
    try:
        await client.call_tool("delete_everything", {})
    except MCPError as error:
        assert "there is no tool `delete_everything`" in error.message, error
    else:
        raise AssertionError("a tool that is not there was called")


async def customer(desk, client):
    """What a customer's program meets: its own, and nothing else."""
    result = await client.call_tool("search_articles", {"query": "крышка"})
    hits = [hit["id"] for hit in result.structured_content["hits"]]
    assert hits == [desk.article], result
    await refused(client, "read_article", {"id": desk.hidden}, "not_found")
    await refused(client, "read_ticket", {"id": desk.foreign}, "not_found")
    result = await client.call_tool("read_ticket", {"id": desk.ticket})
    assert result.structured_content["ticket"]["title"] == "Принтер", result


async def nobody(desk, token):
    """Without a token that is known there is no session."""
    try:
        async with desk.over_http(token) as client:
            await client.list_tools()
    except BaseException as error:  # in groups, as the client's tasks raise it
        assert isinstance(flat(error), MCPError), error
    else:
        raise AssertionError("a stranger was served")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with httpx2.AsyncClient(headers=headers) as http:
        answer = await http.post(f"{desk.url}/mcp", json=hello)
    assert answer.status_code == 401, answer


def flat(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def main(program, data, pack):
    desk = Desk(program, data, pack)
    try:
        desk.ask("GET", f"/v1/search?q=x&at_least={desk.position}")
        for mode in ["auto", "legacy"]:
            async with desk.over_http(desk.agent, mode=mode) as client:
                await agent(desk, client)
                print(f"over HTTP, {mode}: {client.protocol_version}")
            there = ["--url", desk.url, "--token", desk.agent]
            async with desk.over_stdio(*there, mode=mode) as client:
                await agent(desk, client)
                print(f"over stdio, {mode}: {client.protocol_version}")
        async with desk.over_http(desk.customer) as client:
            await customer(desk, client)
        there = ["--url", desk.url, "--token", desk.customer]
        async with desk.over_stdio(*there) as client:
            await customer(desk, client)
        await nobody(desk, None)
        await nobody(desk, "opora_wrong")
    finally:
        desk.stop()
    # The folder alone, now that no server holds it.
    async with desk.over_stdio("--data", data) as client:
        await agent(desk, client)
    print("every tool was called, rightly and wrongly")


asyncio.run(main(*sys.argv[1:]))
