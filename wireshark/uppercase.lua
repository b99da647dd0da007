-- SPDX-License-Identifier: MIT
--
-- Wireshark and tshark learn the lab's two uppercase services: each request is
-- paired with its reply, and every packet says in plain words what it is for.
-- Wireshark's own columns and trees stay: this adds a tree of its own, and a
-- few words behind the Info column.
--
-- What a packet means is found once, as the capture is read from its beginning,
-- and kept by the packet's number, since packets are shown again in any order.
-- What only later packets tell, a request's reply, is known from the second
-- look on: a click in Wireshark, or tshark -2 -R frame. (tshark -2 alone takes
-- no packet apart on its first pass.)

-- Installed and named on the command line as well, it is there once.
local is_known, loaded = pcall(Dissector.get, "uppercase")
if is_known and loaded then
	return
end

local lab = Proto("uppercase", "Uppercase service")

lab.prefs.udp_port = Pref.uint("UDP port", 12000, "Where the UDP service is")
lab.prefs.tcp_port = Pref.uint("TCP port", 12000, "Where the TCP service is")
lab.prefs.in_info = Pref.bool("Explain in the Info column", true,
	"What a packet is for, behind Wireshark's own text")

local show = {
	request = ProtoField.string("uppercase.request", "Request"),
	reply = ProtoField.string("uppercase.reply", "Reply"),
	reply_in = ProtoField.framenum("uppercase.reply_in", "Reply in",
		base.NONE, frametype.RESPONSE),
	reply_to = ProtoField.framenum("uppercase.reply_to", "Reply to",
		base.NONE, frametype.REQUEST),
	time = ProtoField.double("uppercase.time", "Seconds since the request"),
	why = ProtoField.string("uppercase.why", "What it is for"),
	again = ProtoField.framenum("uppercase.again", "The same as"),
}
lab.fields = { show.request, show.reply, show.reply_in, show.reply_to,
	show.time, show.why, show.again }

local wrong = {}
for name, text in pairs({
	no_reply = "No reply to this request",
	no_request = "A reply to no request that was captured",
	duplicate = "A second reply to the same request",
	not_upper = "The reply is not the upper case of its request",
	after_close = "Bytes after the end of the stream",
}) do
	wrong[name] = ProtoExpert.new("uppercase." .. name, text,
		expert.group.SEQUENCE, expert.severity.WARN)
end
lab.experts = { wrong.no_reply, wrong.no_request, wrong.duplicate,
	wrong.not_upper, wrong.after_close }

local get = {}
for name, field in pairs({
	ip_src = "ip.src", ip_dst = "ip.dst",
	ip6_src = "ipv6.src", ip6_dst = "ipv6.dst",
	udp_src = "udp.srcport", udp_dst = "udp.dstport",
	tcp_src = "tcp.srcport", tcp_dst = "tcp.dstport",
	stream = "tcp.stream", seq = "tcp.seq_raw", ack = "tcp.ack_raw",
	len = "tcp.len", flags = "tcp.flags", payload = "tcp.payload",
	icmp_type = "icmp.type", icmp_code = "icmp.code",
	icmp6_type = "icmpv6.type", icmp6_code = "icmpv6.code",
}) do
	get[name] = Field.new(field)
end

local TEXT_MAX = 60    -- bytes of a message that are shown
local KEPT_MAX = 1024   -- UDP requests of a client, TCP segments of a side
local AHEAD_MAX = 1048576 -- what is further ahead is of another connection

-- What is known so far; emptied when a capture is opened.
local packets = {} -- by number: what is shown of it
local asked = {}   -- UDP, by client: requests in order, and how many
local streams = {} -- TCP, by Wireshark's number

-- ASCII alone, whatever the locale is.
local function upper(bytes)
	return (bytes:gsub("%l", function(c)
		return c:byte() < 128 and string.char(c:byte() - 32) or c
	end))
end

local function readable(bytes)
	local text = bytes:sub(1, TEXT_MAX):gsub("[^\32-\126]", function(c)
		return string.format("\\x%02x", c:byte())
	end)
	return '"' .. text .. '"' .. (#bytes > TEXT_MAX and "..." or "")
end

local function count(n, what)
	return n .. " " .. what .. (n == 1 and "" or "s")
end

-- --- UDP ---

-- Of the requests that wait, the oldest for which this holds.
local function first_of(list, holds)
	for i, request in ipairs(list) do
		if holds(request) then
			return i, request
		end
	end
end

local function udp_request(known, client, bytes, number, time)
	local list = asked[client] or {}
	asked[client] = list
	if #list == KEPT_MAX then
		table.remove(list, 1)
	end
	local _, first = first_of(list, function(r)
		return not r.reply and r.bytes == bytes
	end)
	list[#list + 1] = { bytes = bytes, number = number, time = time }
	known.request = readable(bytes)
	known.again = first and first.number
	known.why = first and "the same request again: that in packet " ..
		first.number .. " has no reply yet" or
		"a request of " .. count(#bytes, "byte") ..
		"; UDP needs no connection, and nobody acknowledges it"
end

local function udp_reply(known, client, bytes, number, time)
	local list = asked[client] or {}
	local function fits(r)
		return not r.reply and upper(r.bytes) == bytes
	end
	local i, request = first_of(list, fits)

	known.reply = readable(bytes)
	known.why = "the reply"
	if not request then
		i, request = first_of(list, function(r)
			return r.reply and upper(r.bytes) == bytes
		end)
		if request then
			known.wrong = "duplicate"
			known.again = request.reply
			known.why = "the reply once more"
		end
	end
	if not request then
		i, request = first_of(list, function(r)
			return not r.reply
		end)
		known.wrong = request and "not_upper" or "no_request"
	end
	if not request then
		known.why = "a reply, but its request was not captured"
		return
	end
	known.reply_to = request.number
	known.time = time - request.time
	if not request.reply then
		request.reply = number
		packets[request.number].reply_in = number
		packets[request.number].time = known.time
	end
end

local function look_at_udp(known, src, dst, pinfo, bytes)
	local port = lab.prefs.udp_port
	local time = pinfo.rel_ts

	-- Both may be the service's own, when it talks to itself.
	if dst.port == port then
		udp_request(known, src.host .. " " .. src.port .. " " ..
			dst.host, bytes, pinfo.number, time)
		known.is_asking = true
	else
		udp_reply(known, dst.host .. " " .. dst.port .. " " ..
			src.host, bytes, pinfo.number, time)
	end
end

-- --- TCP ---

local FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

local function has(flags, flag)
	return math.floor(flags / flag) % 2 == 1
end

-- How far a is before b, in numbers that begin again after 2^32.
local function distance(a, b)
	local d = (b - a) % 4294967296
	return d < 2147483648 and d or d - 4294967296
end

-- The last segments of one direction, from number first to number last; what
-- is older is forgotten.
local function new_side(name)
	return { name = name, segments = {}, first = 1, last = 0 }
end

-- Where the side's stream of bytes begins, or the capture of it.
local function begin_side(side, seq)
	if not side.base then
		side.base = seq
		side.next = 0
	end
end

local function keep_segment(side, segment)
	side.last = side.last + 1
	side.segments[side.last] = segment
	if side.last - side.first == KEPT_MAX then
		side.segments[side.first] = nil
		side.first = side.first + 1
	end
end

-- The segment of this side that has the byte at this place.
local function segment_at(side, place)
	for i = side.last, side.first, -1 do
		local s = side.segments[i]
		if s.to <= place then
			return nil
		end
		if s.from <= place then
			return s
		end
	end
end

local function handshake(known, stream, flags, number, here)
	if not has(flags, ACK) then
		known.why = stream.syn
			and "asks for the connection again, as in packet " ..
				stream.syn .. ": no answer came"
			or "asks for a connection (1 of 3 of the handshake)"
		known.again = stream.syn
		stream.syn = stream.syn or number
	else
		known.why = here.syn
			and "agrees again, as in packet " .. here.syn
			or "agrees, and asks for its own direction (2 of 3)"
		known.again = here.syn
		here.syn = here.syn or number
	end
end

local function reset(known, stream, here, there)
	if stream.syn and not stream.server.syn and here == stream.server then
		known.why = "nobody listens on this port: the " ..
			"client's connect fails with \"refused\""
	elseif there.fin then
		known.why = "the " .. here.name .. " has closed, and what " ..
			"came after that is refused"
	else
		known.why = "the " .. here.name .. " breaks the connection " ..
			"off; what was not read yet is lost"
	end
	stream.is_reset = true
end

-- The bytes of both that stand for each other in these segments.
local function parts(reply_from, bytes, segment)
	local from = math.max(reply_from, segment.from)
	local to = math.min(reply_from + #bytes, segment.to)

	return bytes:sub(from - reply_from + 1, to - reply_from),
		segment.bytes:sub(from - segment.from + 1, to - segment.from)
end

-- Bytes of the server's answer, which began where the client's did.
local function pair(known, stream, from, bytes, number, time)
	local client = stream.client
	local to = from + #bytes
	local oldest

	known.reply = readable(bytes)
	known.why = "the reply"
	if to > client.next then
		known.wrong = "no_request"
	end
	for i = client.last, client.first, -1 do
		local s = client.segments[i]
		if s.to <= from then
			break
		end
		if s.from < to then
			local got, asked_for = parts(from, bytes, s)
			if upper(asked_for) ~= got then
				known.wrong = "not_upper"
			end
			local request = packets[s.number]
			if s.to <= to and not request.reply_in then
				request.reply_in = number
				request.time = time - s.time
			end
			oldest = s
		end
	end
	if not oldest then
		known.why = "a reply, but its request was not captured"
		return
	end
	known.reply_to = oldest.number
	known.time = time - oldest.time
end

local function data(known, stream, here, from, bytes, number, time)
	local segment = { from = from, to = from + #bytes, number = number,
		time = time, bytes = bytes }

	if here.fin and from >= here.fin.to then
		known.wrong = "after_close"
	end
	if segment.to <= here.next then
		local first = segment_at(here, from)
		known.again = first and first.number
		known.why = "the same bytes again" .. (first and
			", as in packet " .. first.number or "") ..
			": no acknowledgement had come"
		return
	end
	here.next = segment.to
	keep_segment(here, segment)
	if here == stream.client then
		known.is_asking = true
		known.request = readable(bytes)
		known.why = "a request of " .. count(#bytes, "byte")
	else
		pair(known, stream, from, bytes, number, time)
	end
end

local function finish(known, here, there, place, number)
	local who = "the " .. here.name

	if here.fin then
		known.again = here.fin.number
		known.why = who .. " says again that it is done"
		return
	end
	here.fin = { to = place, number = number }
	local why = there.fin
		and who .. " has nothing more to send either: with the " ..
			"acknowledgement of this the connection is over"
		or who .. " has nothing more to send; the other side still may"
	known.why = known.why and known.why .. "; " .. why or why
end

local function acknowledge(known, stream, here, there, ack)
	local place = there.base and distance(there.base, ack) or 0
	local segment = segment_at(there, place - 1)

	if there.fin and place > there.fin.to then
		known.why = "acknowledges the end in packet " ..
			there.fin.number
		known.again = nil
	elseif not stream.is_open and stream.server.syn and
	    here == stream.client then
		known.why = "confirms (3 of 3): the connection is open"
		stream.is_open = true
	elseif segment then
		known.why = "acknowledges " .. count(place, "byte") ..
			" so far, up to packet " .. segment.number
	else
		known.why = "acknowledges nothing new"
	end
end

local function look_at_tcp(known, src, dst, pinfo, bytes)
	local id = get.stream().value
	local flags = get.flags().value
	local seq, ack = get.seq().value, get.ack() and get.ack().value or 0
	local stream = streams[id]
	local here, there, from

	if not stream then
		stream = { client = new_side("client"),
			server = new_side("server") }
		streams[id] = stream
	end
	here, there = stream.client, stream.server
	if dst.port ~= lab.prefs.tcp_port then
		here, there = there, here
	end
	begin_side(here, seq + (has(flags, SYN) and 1 or 0))
	-- A capture that begins in the middle: all before it was answered.
	if has(flags, ACK) and not has(flags, RST) then
		begin_side(there, ack)
	end
	from = distance(here.base, seq + (has(flags, SYN) and 1 or 0))
	if has(flags, RST) then
		reset(known, stream, here, there)
		return
	end
	if has(flags, SYN) then
		handshake(known, stream, flags, pinfo.number, here)
		return
	end
	if #bytes > 0 and from >= 0 and from < here.next + AHEAD_MAX then
		data(known, stream, here, from, bytes, pinfo.number,
			pinfo.rel_ts)
	elseif #bytes > 0 then
		known.why = "bytes from before the capture"
	end
	if has(flags, FIN) then
		finish(known, here, there, from + #bytes, pinfo.number)
	elseif #bytes == 0 then
		acknowledge(known, stream, here, there, ack)
	end
end

-- --- ICMP ---

local function last(values)
	return values[#values] and values[#values].value
end

local function look_at_icmp(known)
	local type4, code4 = get.icmp_type(), get.icmp_code()
	local type6, code6 = get.icmp6_type(), get.icmp6_code()
	local is_port = type4 and code4 and type4.value == 3 and
		code4.value == 3 or
		type6 and code6 and type6.value == 1 and code6.value == 4

	if is_port and last({ get.udp_dst() }) == lab.prefs.udp_port then
		known.why = "nobody listens on that UDP port; the client is " ..
			"told only if its socket is connected"
	end
end

-- --- every packet ---

local function bytes_of(range)
	return range and range:len() > 0 and range:bytes():raw() or ""
end

local function ends()
	local ip_src, ip_dst = get.ip_src() or get.ip6_src(),
		get.ip_dst() or get.ip6_dst()
	local src, dst = get.tcp_src() or get.udp_src(),
		get.tcp_dst() or get.udp_dst()

	if ip_src and src and dst then
		return { host = tostring(ip_src.value), port = src.value },
			{ host = tostring(ip_dst.value), port = dst.value }
	end
end

-- Only the service's: those of its port on either side.
local function look_at(pinfo)
	local known = { is_in_turn = not pinfo.visited }
	local src, dst = ends()

	if get.icmp_type() or get.icmp6_type() then
		look_at_icmp(known)
	elseif not src then
		return
	elseif get.tcp_src() then
		local port = lab.prefs.tcp_port
		local payload = get.payload()
		if (src.port == port or dst.port == port) and get.stream() and
		    get.seq() and get.flags() then
			packets[pinfo.number] = known
			look_at_tcp(known, src, dst, pinfo,
				payload and payload.range and
				bytes_of(payload.range) or "")
		end
	end
	return known.why and known
end

local function explain(known, pinfo, tree)
	local branch = tree:add(lab)

	branch:append_text(": " .. known.why)
	for _, name in ipairs({ "request", "reply", "reply_in", "reply_to",
		"time", "again", "why" }) do
		if known[name] then
			branch:add(show[name], known[name]):set_generated()
		end
	end
	if known.wrong then
		branch:add_proto_expert_info(wrong[known.wrong])
	elseif known.is_asking and known.is_in_turn and pinfo.visited and
	    not known.reply_in then
		branch:add_proto_expert_info(wrong.no_reply)
	end
	if lab.prefs.in_info then
		local partner = known.reply_in and " [reply in " ..
			known.reply_in .. "]" or known.reply_to and
			" [to " .. known.reply_to .. "]" or ""
		pinfo.cols.info:append(" | " .. known.why .. partner)
	end
end

function lab.init()
	packets, asked, streams = {}, {}, {}
end

-- The UDP service's own datagrams, which would be shown as another protocol's.
function lab.dissector(tvb, pinfo, tree)
	local src, dst = ends()

	-- An ICMP message brings the datagram along that it is about.
	if not src or not get.udp_src() or get.icmp_type() or
	    get.icmp6_type() then
		return 0
	end
	pinfo.cols.protocol = "UPPERCASE"
	if not packets[pinfo.number] then
		local known = { is_in_turn = not pinfo.visited }
		packets[pinfo.number] = known
		look_at_udp(known, src, dst, pinfo, bytes_of(tvb:range()))
	end
	pinfo.cols.info = src.port .. " > " .. dst.port .. " Len=" .. tvb:len()
	return tvb:len()
end

local after = Proto("uppercase_lab", "Uppercase lab")

function after.dissector(tvb, pinfo, tree)
	if not packets[pinfo.number] then
		packets[pinfo.number] = look_at(pinfo)
	end
	local known = packets[pinfo.number]
	if known and known.why then
		explain(known, pinfo, tree)
	end
end

-- All fields are wanted, whether or not somebody looks at them.
register_postdissector(after, true)

local udp_table = DissectorTable.get("udp.port")
local at_port

local function settle()
	if at_port then
		udp_table:remove(at_port, lab)
	end
	at_port = lab.prefs.udp_port
	udp_table:add(at_port, lab)
end

lab.prefs_changed = settle
settle()
