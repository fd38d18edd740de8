// What a test can have happen in the puppet's WeChat: one function for each command.
//
// gateway.mjs takes them over HTTP; each is given the puppet, the server of the gateway and the
// command's arguments, and what it returns is the answer. With any of them `at` may be given: the
// moment, in milliseconds since 1970, at which it is to have happened.

import { FileBox } from 'file-box'
import { types } from 'wechaty-puppet'

import { newId } from './puppet.mjs'

const whereTo = (puppet, conversation) => conversation === undefined
  ? { listenerId: puppet.me }
  : puppet.mocker.cacheRoomPayload.has(conversation)
    ? { roomId: conversation }
    : { listenerId: conversation }

export const commands = {
  // What a test begins with: people, rooms, and who is logged in

  person (puppet, _, { id = newId(), name, alias = '', friend = true }) {
    puppet.mocker.createContact({ id, name, alias, friend })
    return { id }
  },

  room (puppet, _, { id = `${newId()}@chatroom`, name, members, owner, admins = [], nicknames = {} }) {
    puppet.mocker.createRoom({
      id, topic: name, memberIdList: members, ownerId: owner, adminIdList: admins,
    })
    puppet.nicknames.set(id, new Map(Object.entries(nicknames)))
    return { id }
  },

  login (puppet, _, { person }) { puppet.enter(person) },

  async logout (puppet, _, { reason }) {
    puppet.me = undefined
    await puppet.logout(reason)
  },

  // Everybody and every room gets another id, as with a new log-in where ids do not last.
  async renew (puppet, _, { ids, reason }) {
    const me = ids[puppet.me]
    puppet.me = undefined
    await puppet.logout(reason)
    puppet.renew(ids)
    puppet.enter(me)
  },

  scan (puppet, _, { code, status = types.ScanStatus.Waiting }) { puppet.mocker.scan(code, status) },

  // What people do

  say (puppet, _, { talker, conversation, text, mentions = [], type = types.Message.Text }) {
    const where = whereTo(puppet, conversation)
    const payload = { talkerId: talker, ...where, text, mentionIdList: mentions, type }
    return { id: puppet.arrive(payload) }
  },

  picture (puppet, _, { talker, conversation, name, base64 }) {
    const payload = { talkerId: talker, ...whereTo(puppet, conversation), filename: name, text: '' }
    const id = puppet.arrive({ ...payload, type: types.Message.Image }, { told: false })
    puppet.mocker.cacheFileBoxPayload.set(id, FileBox.fromBase64(base64, name).toJSON())
    puppet.emit('message', { messageId: id })
    return { id }
  },

  link (puppet, _, { talker, conversation, title, url }) {
    const payload = { talkerId: talker, ...whereTo(puppet, conversation), text: `<msg>${title}</msg>` }
    const id = puppet.arrive({ ...payload, type: types.Message.Url }, { told: false })
    puppet.links.set(id, { title, url })
    puppet.emit('message', { messageId: id })
    return { id }
  },

  recall (puppet, _, { talker, conversation, message }) {
    const payload = { talkerId: talker, ...whereTo(puppet, conversation), text: message }
    return { id: puppet.arrive({ ...payload, type: types.Message.Recalled }) }
  },

  join (puppet, _, { room, people, by }) { puppet.join(room, people, by) },

  leave (puppet, _, { room, people, by }) { puppet.leave(room, people, by) },

  rename (puppet, _, { room, name, by }) {
    puppet.mocker.RoomMock.load(room).topic(name).by(puppet.mocker.ContactMock.load(by))
  },

  call (puppet, _, { person, name, alias, room, nickname }) {
    const payload = puppet.mocker.contactPayload(person)
    if (name !== undefined) { payload.name = name }
    if (alias !== undefined) { payload.alias = alias }
    if (name !== undefined || alias !== undefined) { puppet.dirtyPayload(types.Dirty.Contact, person) }
    if (nickname !== undefined) {
      puppet.nicknames.get(room).set(person, nickname)
      puppet.dirtyPayload(types.Dirty.RoomMember, room)
    }
  },

  lead (puppet, _, { room, owner, admins }) {
    const payload = puppet.mocker.roomPayload(room)
    if (owner !== undefined) { payload.ownerId = owner }
    if (admins !== undefined) { payload.adminIdList = admins }
    puppet.dirtyPayload(types.Dirty.Room, room)
  },

  befriend (puppet, _, { person, words = '' }) {
    const id = newId()
    const type = types.Friendship.Receive
    const friendship = { id, contactId: person, hello: words, timestamp: Date.now(), ticket: id, type }
    puppet.friendships.set(id, friendship)
    puppet.emit('friendship', { friendshipId: id })
    return { id }
  },

  invite (puppet, _, { room, by }) {
    const id = newId()
    const { topic, memberIdList } = puppet.mocker.roomPayload(room)
    puppet.invitations.set(id, {
      id, room, topic, avatar: '', invitation: topic, inviterId: by, receiverId: puppet.me,
      memberCount: memberIdList.length, memberIdList: [], timestamp: Date.now(),
    })
    puppet.emit('room-invite', { roomInvitationId: id })
    return { id }
  },

  emit (puppet, _, { event, payload }) { puppet.emit(event, payload) },

  // What the bot did

  // A room's announcement, as somebody else sets it or as it stands
  announce (puppet, _, { room, text }) { puppet.announced.set(room, text) },

  announced (puppet) { return Object.fromEntries(puppet.announced) },

  calls (puppet) { return puppet.calls },

  friends (puppet) {
    return [...puppet.mocker.cacheContactPayload.values()].filter(one => one.friend).map(one => one.id)
  },

  members (puppet, _, { room }) { return puppet.mocker.roomPayload(room).memberIdList },

  // Trouble

  manners (puppet, _, manners) { Object.assign(puppet.manners, manners) },

  trouble (puppet, _, trouble) { puppet.troubles.push(trouble) },

  mend (puppet) { puppet.troubles.length = 0 },

  endStream (_, server) { server.endStream() },
}
