# SPDX-License-Identifier: MIT
#
# PROGRAM --help | awk -v program=PROGRAM -v shell=bash|zsh -f completions.awk
#
# The words that a shell completes, made from what the program says of its
# options, which is made from its table of settings.

# "  -a, --listen=ADDRESS  what for", and lines that go on with it.
/^  (-.,|   ) --[a-z]/ {
	keep()
	letter = substr($0, 3, 1) == "-" ? substr($0, 3, 2) : ""
	text = substr($0, 7)
	sub(/[[:space:]].*/, "", text)
	name = value = text
	sub(/[=[].*/, "", name)
	if (!sub(/^[^=]*=/, "", value))
		value = ""
	sub(/\]$/, "", value)
	is_optional = text ~ /\[=/
	help = substr($0, 7 + length(text))
	next
}
name != "" && /^       / { help = help " " $0; next }
{ keep() }
END { keep(); if (shell == "bash") write_bash(); else write_zsh() }

function keep() {
	if (name == "")
		return
	gsub(/[[:space:]]+/, " ", help)
	sub(/^ /, "", help)
	n++
	names[n] = name; letters[n] = letter; values[n] = value
	optional[n] = is_optional; helps[n] = help
	name = ""
}

function is_folder(v) { return v == "DIR" }
function is_file(v) { return v == "FILE" || v == "WHERE" }

# Options whose value is completed so.
function those(kind,	i, list) {
	for (i = 1; i <= n; i++)
		if ((kind == "folder" && is_folder(values[i])) ||
		    (kind == "file" && is_file(values[i])) ||
		    (kind == "other" && values[i] != "" && !optional[i] &&
		     !is_folder(values[i]) && !is_file(values[i])))
			list = list (list ? "|" : "") names[i] \
				(letters[i] ? "|" letters[i] : "")
	return list ? list : "-"
}

function write_bash(	i, function_name, words) {
	function_name = program
	gsub(/-/, "_", function_name)
	for (i = 1; i <= n; i++)
		words = words (i > 1 ? " " : "") names[i] \
			(values[i] != "" && !optional[i] ? "=" : "")
	print "# bash completion for " program ", made from its --help"
	print "_" function_name "() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}"
	print "\tif [[ $cur == '=' ]]; then cur=; fi"
	print "\tif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi"
	print "\tCOMPREPLY=()"
	print "\tcase $prev in"
	print "\t" those("folder") ") mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;"
	print "\t" those("file") ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;"
	print "\t" those("other") ") return ;;"
	print "\tesac"
	print "\tif [[ $cur == -* ]]; then"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '" words "' -- \"$cur\")"
	print "\t\tif [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi"
	print "\tfi"
	print "}"
	print "complete -F _" function_name " " program
}

# What means something to _arguments, or ends the quotes.
function zsh_text(s) {
	gsub(/\\/, "\\\\\\\\", s)
	gsub(/\[/, "\\[", s)
	gsub(/\]/, "\\]", s)
	gsub(/:/, "\\:", s)
	gsub(/'/, "'\\''", s)
	return s
}

function write_zsh(	i, action, both) {
	print "#compdef " program
	print "# made from its --help"
	print "_arguments -s -S \\"
	for (i = 1; i <= n; i++) {
		action = ""
		if (values[i] != "")
			action = (optional[i] ? "::" : ":") zsh_text(values[i]) ":" \
				(is_folder(values[i]) ? "_files -/" : \
				 is_file(values[i]) ? "_files" : " ")
		both = names[i] (values[i] != "" ? (optional[i] ? "=-" : "=") : "")
		if (letters[i] != "")
			both = "{" letters[i] (values[i] != "" ? "+" : "") "," both "}"
		print "\t'*'" both "'[" zsh_text(helps[i]) "]" action "' \\"
	}
	print "\t'*:operand: '"
}
