"""What is done on Redis in one piece.

Names of sets and marks end in a tag, so their beginnings are arguments: this is for one Redis, not for a cluster.
"""

from typing import Final

_TIME: Final = """
local time = redis.call('TIME')
local milliseconds = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local moment = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
"""

KEEP: Final = (
    _TIME
    + """
local at = 3
for number, key in ipairs(KEYS) do
  local body, lasting, asked, count = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local current = true
  for tag = at + 4, at + 3 + count do
    local gone = redis.call('GET', ARGV[2] .. ARGV[tag])
    if gone and tonumber(gone) > asked then current = false end
  end
  if current then
    redis.call('SET', key, body, 'PX', lasting)
    for tag = at + 4, at + 3 + count do
      local set = ARGV[1] .. ARGV[tag]
      redis.call('ZADD', set, milliseconds + lasting, key)
      redis.call('ZREMRANGEBYSCORE', set, '-inf', milliseconds)
      if redis.call('PTTL', set) < lasting then redis.call('PEXPIRE', set, lasting) end
    end
  end
  at = at + 4 + count
end
"""
)
"""KEYS: of entries. ARGV: beginnings of the names of tags' sets and marks, and for each entry its text, milliseconds
that it lasts, its moment, how many tags it has, and these."""

INVALIDATE_TAGS: Final = (
    _TIME
    + """
local removed = 0
for number = 5, #ARGV do
  local set = ARGV[3] .. ARGV[number]
  local keys = redis.call('ZRANGE', set, 0, -1)
  for first = 1, #keys, 1000 do
    removed = removed + redis.call('UNLINK', unpack(keys, first, math.min(first + 999, #keys)))
  end
  redis.call('UNLINK', set)
end
redis.call('SET', KEYS[1], moment, 'PX', ARGV[1])
for number = 5, #ARGV do
  redis.call('SET', ARGV[4] .. ARGV[number], moment, 'PX', ARGV[2])
end
return removed
"""
)
"""KEYS: the tenant's clock. ARGV: milliseconds that it lasts, and that marks last, beginnings of the names of tags'
sets and marks, and tags. What is forgotten goes first: a Redis without room lets a script write that has begun so."""

INVALIDATE_TYPES: Final = (
    _TIME
    + """
local known = redis.call('GET', KEYS[2])
local types = known and cjson.decode(known) or {}
for number = 3, #ARGV do types[ARGV[number]] = moment end
local count = 0
for _ in pairs(types) do count = count + 1 end
if types['*'] == moment or count > tonumber(ARGV[2]) then types = {['*'] = moment} end
redis.call('UNLINK', KEYS[2])
redis.call('SET', KEYS[1], moment, 'PX', ARGV[1])
redis.call('SET', KEYS[2], cjson.encode(types), 'PX', ARGV[1])
"""
)
"""KEYS: the tenant's clock, and what was invalidated of one of its subgraphs. ARGV: milliseconds that they last,
how many types are told apart, and types."""
