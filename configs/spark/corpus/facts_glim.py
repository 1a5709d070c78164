"""What people ask of glim itself: commands, keys, flags, profiles."""
from .grammar import Item

# (training wordings, held-out wordings, answer, what a right answer shows)
COMMANDS = [
    (["<HOW> {change|set|resize|adjust|increase|enlarge|reduce|grow|shrink|make bigger} the context{| size| length| window}", "what does /ctx do", "what is /ctx", "/ctx", "<HOW> {get|have|use} {more|a bigger|a larger|a longer} context",
      "set the context to 8192", "which command changes the context{| size}", "change ctx", "how to use /ctx", "<HOW> set {the number of context tokens|ctx}", "make the context bigger", "command for context size"],
     ["My context is too small, what now", "where can the context length be altered while chatting", "the chat needs more context, what do I enter", "I'd like a longer context window"],
     "Type /ctx N, for example /ctx 8192. On the command line use -c N.", r"/ctx"),
    (["<HOW> {change|switch|select|use|load|pick|choose} {a |another |the |}profile{|s}", "what does /profile do", "what is /profile", "/profile", "which command changes the profile", "switch profile", "how to use /profile", "<HOW> {swap|switch|change} {the |}{model|quant|models|quants} in the chat",
      "command to switch the {model|profile|quant}", "load another profile"],
     ["I have two profiles, how can I go from one to the other", "What lets me hop to another profile", "during a chat I want a different quant, what do I enter"],
     "Type /profile NAME to switch to that profile; the chat stays.", r"/profile"),
    (["<HOW> {change|set|switch|select|use} the kv {type|cache type|format|cache}", "what does /kv do", "what is /kv", "/kv", "which command changes the kv {type|cache}", "set kv to q8_0", "how to use /kv", "<HOW> {quantize|shrink|compress} the kv cache", "change the kv cache type", "command for the kv type"],
     ["I want the cache in q8_0, what must be entered", "where can the KV format be altered while chatting", "how might one set another cache format"],
     "Type /kv TYPE, for example /kv q8_0. On the command line use --kv-type TYPE.", r"/kv"),
    (["<HOW> {change|set|give|write|add|use|edit} {a|the} system {prompt|message|text}", "what does /system do", "what is /system", "/system", "which command sets the system {prompt|message}", "set the system prompt", "how to use /system", "how do i tell the model how to behave", "command for the system prompt"],
     ["I want to give the model standing instructions", "where does the system prompt go", "can the instructions at the start of the chat be altered"],
     "Type /system TEXT; the text becomes the system prompt.", r"/system"),
    (["<HOW> {turn|switch} {on|off} {thinking|reasoning|the thinking}", "<HOW> {turn|switch} {thinking|reasoning|the thinking} {on|off}", "<HOW> {disable|enable|stop|start} {thinking|reasoning|the thinking}", "what does /think do", "what is /think", "/think", "which command {disables|enables|controls} thinking",
      "turn thinking off", "how to use /think", "stop thinking", "can the model answer without thinking", "turn off reasoning", "command for thinking"],
     ["I don't want the model to think first", "the chain of thought annoys me, how can I get rid of it", "let the model reason before it answers, how"],
     "Type /think on or /think off.", r"/think (on|off)"),
    (["<HOW> {clear|empty|reset|delete|restart|forget|erase|wipe} the {chat|conversation|history|session}", "what does /clear do", "what is /clear", "/clear", "which command {clears|resets} the {chat|conversation|history}", "clear the chat", "start {over|a new chat|again|fresh}", "how to use /clear", "<HOW> start a new {chat|conversation}", "new chat", "command to clear the chat"],
     ["I'd like to begin again with an empty conversation", "throw away what we said so far, how", "what gives me a blank chat"],
     "Type /clear to start over with an empty chat.", r"/clear"),
    (["<HOW> {retry|regenerate|repeat|redo} {the|an|the last} {answer|reply|response}", "what does /retry do", "what is /retry", "/retry", "which command {regenerates|repeats} the answer", "try again", "regenerate", "how to use /retry", "<HOW> get {another|a different|a new} answer", "give me another answer to the same question", "command to regenerate"],
     ["The last answer was poor, how can I have it made again", "I want a second attempt at the same question", "how can the model answer once more"],
     "Type /retry to get a new answer to your last message.", r"/retry"),
    (["<HOW> {see|show|view|get|display} {the |}{statistics|stats|timings|speed numbers|performance numbers}", "what does /stats do", "what is /stats", "/stats", "which command shows {the |}{statistics|stats|speed}", "show stats", "how to use /stats", "how fast {is|was} the {model|answer}", "how many tokens per second do i get", "<HOW> see {the speed|tokens per second|memory use}", "command for statistics"],
     ["Where are the numbers about speed and memory", "I want to know how quick the generation was", "which entry gives me tokens per second"],
     "Type /stats to see speed, memory and context use; the status bar shows them live.", r"/stats"),
    (["<HOW> {quit|exit|leave|close|end|stop} {glim|the program|the chat program|this program|this}", "what does /quit do", "what is /quit", "/quit", "which command {quits|ends|closes} glim", "exit", "quit", "how to use /quit", "how do i get out of {here|glim|this}", "close glim", "command to quit", "how to exit"],
     ["I am done, how do I leave this program", "what ends glim", "get me out of this program, how"],
     "Type /quit or press Ctrl-D to leave glim.", r"/quit"),
    (["<HOW> {see|get|list|show|find} {the |all |}{help|commands|list of commands|available commands}", "what does /help do", "what is /help", "/help", "which commands {are there|do you have|exist|can i use}", "list {the |all |}commands", "how to use /help", "what commands are there", "what are the commands", "show the commands", "show help", "what slash commands are there", "commands", "which command shows help"],
     ["Is there an overview of the commands", "name every slash command glim has", "I am lost, which commands can be typed"],
     "The commands are /help, /profile NAME, /ctx N, /kv TYPE, /system TEXT, /think on|off, /clear, /retry, /stats and /quit.", r"/help.*/profile.*/quit"),
]

KEYS = [
    (["<HOW> {stop|interrupt|cancel|abort|halt} {the answer|an answer|generation|the model|the reply|generating|the output}", "which key {stops|interrupts|cancels} {the answer|generation|the model|the reply}", "what does {esc|escape|the esc key|ctrl-c|ctrl c} do", "how to stop", "key to stop the answer", "stop the answer",
      "how do i make you stop", "esc key", "ctrl-c"],
     ["The model talks too much, how do I shut it up", "what do I press to halt a running reply", "it keeps writing, which key ends that"],
     "Press Esc or Ctrl-C to stop the answer; what was written so far stays.", r"Press Esc"),
    (["<HOW> scroll{| up| down| back| through the chat}", "which key{s|} {scroll|scrolls|are for scrolling}", "what {do|does} {pgup|page up|pgdn|page down|pgup and pgdn} do", "<HOW> {see|read} {earlier|older|previous} {messages|text|answers}", "scroll keys", "how to scroll", "go back in the chat", "page up"],
     ["I want to look at what was said further up", "what moves the text up and down", "the answer ran off the screen, how can I see the top"],
     "Press PgUp and PgDn to scroll; End follows the answer again.", r"PgUp"),
    (["<HOW> {go|jump|get|return} {back |}to the {end|bottom|newest text|latest message}", "what does {end|the end key} do", "which key {goes|jumps} to the {end|bottom}", "<HOW> follow the answer{| again}", "end key", "jump to the bottom"],
     ["I scrolled up, how do I get to the newest line again", "what makes the view follow the output once more"],
     "Press End to jump to the newest text and follow it.", r"\bEnd\b"),
    (["<HOW> {type|write|insert|add|start|enter|make} a {new line|newline|line break|second line}", "which key {makes|inserts|gives|adds} a {new line|newline|line break}", "what does alt-enter do", "<HOW> write {several|more|multiple|two} lines", "alt-enter", "newline key", "multi-line input", "how to write a message with several lines"],
     ["My message should have two lines, how", "what do I press for a line break without sending", "Enter sends at once, but I want another line"],
     "Press Alt-Enter for a new line; Enter sends the message.", r"Alt-Enter"),
    (["<HOW> send {a|my|the} message", "which key sends {the|a|my} message", "what does {enter|the enter key} do", "send key", "how to send", "what key sends"], ["my text is written, how does it go to the model"],
     "Press Enter to send the message; Alt-Enter makes a new line.", r"(?<!Alt-)Enter"),
    (["what does {ctrl-d|ctrl d|control d} do", "which key {quits|leaves|exits|closes} {glim|the program}", "key to quit", "ctrl-d", "shortcut to {quit|exit|leave}"], ["is there a keyboard shortcut for leaving", "what do I press to leave glim"],
     "Press Ctrl-D to leave glim; /quit does the same.", r"Ctrl-D"),
    (["{which|what} keys {are there|can i use|does glim have|do i have|exist}", "list {the |all |}keys", "<HOW> see the keys", "show the {keys|shortcuts|key bindings}", "what are the {keys|keyboard shortcuts|shortcuts|key bindings}", "keyboard shortcuts", "keys"],
     ["Tell me about the keyboard in glim", "an overview of the key bindings would be good"],
     "Enter sends, Alt-Enter makes a new line, Esc or Ctrl-C stops, PgUp and PgDn scroll, End follows, Ctrl-D leaves.", r"Enter.*(Esc|Ctrl-C).*PgUp"),
]

LINE = [
    (["<HOW> {start|open|launch|begin} {the chat|a chat|glim|glim chat|chatting}", "what does glim chat do", "what is glim chat", "start the chat", "<HOW> run glim", "glim chat"], ["from a shell, how does the chat come up", "what starts the chat program"],
     "Run ./app/glim; it starts the chat, the same as glim chat.", r"glim"),
    (["<HOW> {ask|run|send|put} {one|a single} {question|prompt} {from|on} the {command line|shell|terminal}", "what does glim run do", "what is glim run", "<HOW> use glim {in a script|without the chat|in a pipe|headless}", "glim run", "one shot prompt", "what does -p do", "-p flag", "run a prompt from the command line", "<HOW> get one answer {without the chat|in a script}"],
     ["I want an answer in a shell script, no chat screen", "is a single question possible without opening the chat"],
     "Use glim run -p TEXT; it prints one answer and ends.", r"glim run -p"),
    (["<HOW> {look inside|inspect|examine|see what is in|show the contents of|list the tensors of} {a|the} {gguf |model |gguf model |}file", "what does glim inspect do", "what is glim inspect", "glim inspect", "inspect a gguf", "<HOW> see the {metadata|tensors|header} of {a model|a file|a gguf}", "show the tensors of a file"],
     ["What tells me which tensors a GGUF has", "I downloaded a GGUF and wonder what it holds"],
     "Use glim inspect FILE; it shows the metadata and the tensors of a GGUF file.", r"glim inspect"),
    (["<HOW> {load|use|open|run|start} {a|my|another|a different|my own|a real|a bigger|the real|a larger} {model|gguf|model file|gguf file}", "what does -m do", "-m flag", "what is the -m flag", "which flag {loads|sets|gives|selects} the model{| file}", "load a model", "<HOW> load GLM-4.7-Flash", "<HOW> use GLM-4.7-Flash", "load a gguf", "how do i use a better model", "run glm-4.7-flash"],
     ["I have a GGUF on disk, how does glim get it", "with which option do I pick a model file", "I downloaded GLM-4.7-Flash, what now"],
     "Start glim with -m FILE, for example ./app/glim -m GLM-4.7-Flash-Q4_K_M.gguf.", r"-m "),
    (["what does -P do", "-P flag", "what is the -P flag", "which flag {sets|selects|picks|chooses} {a|the} profile", "<HOW> start glim with a profile", "<HOW> {choose|give|set} a profile on the command line"], ["with which option does glim start under a profile"],
     "-P NAME starts glim with the profile NAME.", r"-P"),
    (["what does -c do", "-c flag", "what is the -c flag", "which flag sets the context{| size}", "<HOW> set the context{| size} on the command line", "flag for context size"], ["with which option do I give the context length at start"],
     "-c N sets the context size to N tokens.", r"-c "),
    (["what does -t do", "-t flag", "what is the -t flag", "which flag sets the {number of threads|threads|thread count}", "<HOW> {set|change|limit|choose} the {number of threads|threads|thread count|cpu threads}", "flag for threads", "how many threads does glim use", "use 8 threads"], ["I want glim to use only four cores", "with which option do I limit the cores"],
     "-t N sets the number of CPU threads.", r"-t "),
    (["what does --temp do", "--temp", "what is --temp", "which flag sets the temperature", "<HOW> {set|change|lower|raise} the temperature", "flag for temperature", "<HOW> make answers {more random|less random|deterministic}", "what does temp 0 mean", "what is temperature"], ["the answers vary too much, what can I set", "with which option do I get the same answer each time"],
     "--temp X sets the temperature; 0 always takes the most likely token.", r"--temp"),
    (["what does --kv-type do", "--kv-type", "what is --kv-type", "which flag sets the kv {type|cache type}", "<HOW> set the kv type on the command line", "flag for the kv {type|cache}"], ["with which option do I give the cache format at start"],
     "--kv-type TYPE sets the KV cache type, for example --kv-type q8_0.", r"--kv-type"),
    (["what does --plain do", "--plain", "what is --plain", "which flag gives plain {text|output}", "<HOW> {get|have} plain {text|output}", "<HOW> {turn off|disable} {colors|colours|the full screen}", "plain mode", "is there a mode for screen readers"], ["I want simple text lines in place of the full screen", "my terminal cannot draw boxes"],
     "--plain prints plain text without the full-screen view.", r"--plain"),
    (["what flags {are there|does glim have|can i use}", "list {the |all |}flags", "command line {flags|options}", "what are the {flags|options|command line options}", "which {flags|options} {are there|does glim have}", "show the flags"], ["an overview of the start options, please"],
     "The main flags are -m FILE, -P PROFILE, -c CONTEXT, -t THREADS, --temp X, --kv-type TYPE and --plain.", r"-m.*-c.*-t"),
]

ABOUT = [
    (["<WHATIS> glim", "what does glim do", "what is this program", "what is this", "what program is this", "what can glim do", "why {should i use|use} glim", "what is glim for", "tell me about glim"], ["Give me a short description of glim", "I don't know glim, what sort of program is that"],
     "glim is a terminal chat program with its own engine: it runs GLM-4.7-Flash on your machine, shows speed, memory and KV use live, and helps you find the quant to keep.", r"terminal.*chat|chat.*terminal"),
    (["<WHATIS> {a |}profile{|s}", "what is a profile in glim", "what are profiles for", "what is in a profile", "what do profiles do", "why use profiles"], ["For what purpose does glim have profiles", "the word profile, what does it mean here"],
     "A profile is a named set of settings in a TOML file: model file, context, KV type, sampling and more.", r"(?i)settings|TOML"),
    (["where are the profiles{| stored| kept}", "<HOW> {make|write|create|add|edit} {a|my own|a new} profile", "in which file are profiles", "what format are profiles", "where do i write profiles", "are profiles toml"], ["I want a profile of my own, where does it go", "which file format do profiles have"],
     "Profiles are TOML; the examples are in the folder configs. Write your own and start it with -P NAME.", r"TOML"),
    (["what does the status bar show", "what is the status bar", "what is in the status bar", "explain the status bar", "what do the numbers at the bottom mean", "status bar", "what do the fields in the status bar mean"], ["There is a line with numbers on the screen, what do they tell me"],
     "The status bar shows tokens per second, prompt speed, context fill, memory, and the size and type of the KV cache.", r"(?i)tokens per second, prompt"),
    (["what does {t/s|tokens per second} mean", "what is t/s", "<WHATIS> t/s", "what does tokens per second mean"], ["the status bar says t/s, what is that"], "t/s means tokens per second: how fast the model writes.", r"(?i)tokens per second"),
    (["what is ttft", "what does ttft mean", "<WHATIS> ttft", "what is time to first token"], ["the bar shows ttft, what is that"], "ttft is the time to the first token: how long you wait before the answer starts.", r"(?i)first token"),
    (["what does pp mean", "what is pp", "what is prefill", "<WHATIS> prefill", "what is prompt processing"], ["the bar shows pp, what is that"], "pp is prompt processing (prefill): reading your prompt before the answer starts.", r"(?i)prompt"),
    (["what models {can glim run|does glim support|work with glim}", "which models {can glim run|does glim support|work with glim|can i run}", "does glim run glm-4.7-flash", "what can i load in glim"], ["for which models was glim built"],
     "glim runs GLM-4.7-Flash and its relatives, such as REAP, from GGUF files; spark is built in.", r"GLM-4\.7-Flash"),
    (["where {do i get|can i get|do i find|can i download|is} GLM-4.7-Flash", "where can i download the model", "where do i get a gguf", "<HOW> {get|download} GLM-4.7-Flash", "does glim download models", "download a model"], ["from where do I fetch a GGUF of GLM-4.7-Flash"],
     "Download a GGUF file of GLM-4.7-Flash from Hugging Face, then start ./app/glim -m FILE.", r"-m FILE"),
    (["does glim need {a gpu|a graphics card}", "can glim run {on the cpu|without a gpu|on a cpu}", "do i need a gpu", "does it run on cpu", "gpu or cpu", "what hardware does glim need"], ["my machine has no graphics card, will glim work"],
     "No GPU is needed: glim computes with Vulkan on a graphics card, or on the CPU.", r"(?i)no gpu is needed"),
    (["does glim need {the internet|internet|a network}", "does glim send my {data|text|chats} anywhere", "is my data private", "does glim work offline", "is glim local", "is this running locally", "does this run on my computer"], ["will my messages leave this machine"],
     "No: the model runs on your own machine and works offline.", r"(?i)own machine"),
    (["what license does glim have", "what is the license of glim", "which license", "is glim free{| software}", "is glim open source", "license"], ["under which terms is glim published"],
     "glim is free software under the GPL, version 3 or later.", r"GPL"),
    (["what happens when the context is full", "what if the context is full", "context full", "what happens if i reach the context limit", "what does full soon mean"], ["the context has no room left, what will glim do"],
     "When the context is full the answer stops and glim says so; use /clear or a larger /ctx.", r"/clear|/ctx"),
    (["<WHATIS> {the |a |}context{| size| window| length}", "what does context mean", "what is ctx", "what does ctx mean"], ["the term context, what does it stand for"], "The context is how many tokens the model can see at once: your messages and its answers.", r"(?i)how many tokens"),
    (["<WHATIS> {a |}token{|s}", "what does token mean", "what is a token"], ["the term token, what does it stand for"], "A token is a piece of text, often a word or part of a word, that the model reads or writes in one step.", r"(?i)piece|part of a word"),
    (["<WHATIS> {a |}{gguf|gguf file}", "what does gguf mean", "what is a gguf"], ["the term GGUF, what does it stand for"], "GGUF is a file format that holds a model: its weights, tokenizer and settings in one file.", r"(?i)file"),
]


# Overviews name everything, so they must not pass for the answer to a single question.
OVERVIEWS = ["The commands are", "The main flags are", "Enter sends, Alt-Enter"]


def glim(r):
    kind = r.random()
    table = COMMANDS if kind < 0.42 else KEYS if kind < 0.62 else LINE if kind < 0.82 else ABOUT
    train, held, answer, want = r.choice(table)
    return Item("glim", r.ask(train, held), answer, wants=[want], bans=[start for start in OVERVIEWS if not answer.startswith(start)])
