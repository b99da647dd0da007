-- SPDX-License-Identifier: MIT
--
-- For wrkload.py: what wrk asks for, and its result as one line of JSON.
--
--	wrk -s wrk.lua URL			the URL, again and again
--	wrk -s wrk.lua URL pipeline N		N requests for it at once
--	wrk -s wrk.lua URL random N		URL followed by 0 to N-1, at random

local function pipeline(n)
	local all = wrk.format():rep(n)

	request = function()
		return all
	end
end

local function random(n)
	local all = {}

	for i = 1, n do
		all[i] = wrk.format(nil, wrk.path .. (i - 1))
	end
	math.randomseed(n)
	request = function()
		return all[math.random(n)]
	end
end

function init(args)
	if args[1] == "pipeline" then
		pipeline(tonumber(args[2]))
	elseif args[1] == "random" then
		random(tonumber(args[2]))
	end
end

local result = 'result {"requests":%d,"bytes":%d,"us":%d,"p50_us":%d,"p99_us":%d,' ..
	'"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n'

function done(summary, latency)
	local e = summary.errors

	io.write(result:format(summary.requests, summary.bytes, summary.duration,
		latency:percentile(50), latency:percentile(99), e.connect, e.read, e.write, e.status,
		e.timeout))
end
