#!/usr/bin/env python3
"""A stand-in for Kiro's command line in tests: what its documents say of `kiro-cli acp`, and nothing of Kiro's own.

It repairs `calc.py`, counts in credits for itself and a helper, colours its words, knows `session/set_model` and not its
successor, and asks a client for things that it may not have. Words in the instruction make it do otherwise: LIE, DAEMON,
HANG, DIE, NO-KEY.
"""
import json
import os
import subprocess
import sys
import time

if "--version" in sys.argv:
    print("kiro-cli 2.37.0")
    sys.exit(0)

MAIN, HELPER = "sess-main", "sess-helper"
model, asked = "auto", 0


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def update(session, **fields):
    send({"method": "session/update", "params": {"sessionId": session, "update": fields}})


def say(session, text):
    update(session, sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})


def credits(session, value):
    used = [{"value": value, "unit": "credit", "unitPlural": "credits"}]
    params = {"sessionId": session, "contextUsagePercentage": 3.5, "meteringUsage": used, "turnDurationMs": 12}
    send({"method": "_kiro.dev/metadata", "params": params})


def ask(method, params):
    """Asks the client and returns its answer."""
    global asked
    asked += 1
    send({"id": f"ask-{asked}", "method": method, "params": params})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") == f"ask-{asked}":
            return message
        if message.get("method") == "session/cancel":
            sys.exit(0)
    sys.exit(0)


def allowed(call):
    options = [
        {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
        {"optionId": "no", "name": "No", "kind": "reject_once"},
    ]
    answer = ask("session/request_permission", {"sessionId": MAIN, "toolCall": call, "options": options})
    return answer["result"]["outcome"].get("optionId") == "yes"


def tool(number, kind, title, run, **fields):
    call = {"toolCallId": f"tool-{number}", "title": title, "kind": kind, **fields}
    update(MAIN, sessionUpdate="tool_call", status="pending", **call)
    if "--trust-all-tools" not in sys.argv and not allowed(call):
        update(MAIN, sessionUpdate="tool_call_update", toolCallId=call["toolCallId"], status="failed")
        return False
    ok, output = run()
    content = [{"type": "content", "content": {"type": "text", "text": output}}]
    status = "completed" if ok else "failed"
    update(MAIN, sessionUpdate="tool_call_update", toolCallId=call["toolCallId"], status=status, content=content)
    return ok


def edit():
    text = open("calc.py").read()
    open("calc.py", "w").write(text.replace("a - b", "a + b"))
    return True, "\x1b[32m1 line changed\x1b[0m"


def tests():
    done = subprocess.run([sys.executable, "-m", "unittest", "-q"], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def prompt(text):
    say(MAIN, "\x1b[1mI look ")
    say(MAIN, "at calc.py.\x1b[0m")
    refused = ask("fs/read_text_file", {"sessionId": MAIN, "path": "calc.py"})
    if refused.get("error", {}).get("code") != -32601:
        return {"error": {"code": -32603, "message": f"a file was served: {refused}"}}
    say(HELPER, "a second look")
    credits(HELPER, 0.02)
    if "DIE" in text:
        os.kill(os.getpid(), 9)
    if "HANG" in text:
        time.sleep(600)
    if "DAEMON" in text:
        subprocess.Popen(["sleep", "300"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if "LIE" not in text:
        tool(1, "edit", "Edit calc.py", edit, rawInput={"path": "calc.py", "old_str": "a - b", "new_str": "a + b"})
        tool(2, "execute", "python3 -m unittest -q", tests, rawInput={"command": "python3 -m unittest -q"})
    credits(MAIN, 0.05413)
    say(MAIN, f"Fixed by {model}. All tests pass.")
    send({"method": "_kiro.dev/mcp/server_initialized", "params": {"sessionId": MAIN}})
    return {"result": {"stopReason": "end_turn"}}


def answer(method, params):
    global model
    if method == "initialize":
        about = {"name": "Kiro CLI Agent", "version": "2.37.0"}
        return {"result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}, "agentInfo": about}}
    if method == "session/new":
        if not os.environ.get("KIRO_API_KEY") or not os.environ.get("KIRO_HOME"):
            return {"error": {"code": -32000, "message": "Authentication required"}}
        models = [{"modelId": name, "name": name} for name in ("auto", "model-a")]
        return {"result": {"sessionId": MAIN, "models": {"currentModelId": model, "availableModels": models}}}
    if method == "session/set_model":
        if params["modelId"] not in ("auto", "model-a"):
            return {"error": {"code": -32602, "message": "no such model"}}
        model = params["modelId"]
        return {"result": {}}
    if method == "session/prompt":
        return prompt(params["prompt"][0]["text"])
    return {"error": {"code": -32601, "message": f"Method not found: {method}"}}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and "method" in message:
        send({"id": message["id"], **answer(message["method"], message["params"])})
