// An account of WeChat that exists only in this process, as a puppet of Wechaty.
//
// The mock puppet knows people and rooms but neither answers with ids nor remembers what it was
// asked to do. This one does: what the bot says and takes back is written to a file that outlives
// the process, what it announces and accepts can be asked for (control.mjs), and every call can be
// told to fail (`troubles`).

import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'

import { FileBox } from 'file-box'
import { types } from 'wechaty-puppet'
import { PuppetMock } from 'wechaty-puppet-mock'

const DIGITS = 18

// What the server of the gateway calls a puppet for, and what a test may therefore trouble.
const TROUBLED = [
  'contactList', 'contactPayload', 'ding', 'friendshipAccept', 'friendshipPayload', 'messageFile',
  'messageImage', 'messagePayload', 'messageRecall', 'messageSendFile', 'messageSendText',
  'messageUrl', 'roomAdd', 'roomAnnounce', 'roomInvitationAccept', 'roomInvitationPayload',
  'roomList', 'roomMemberList', 'roomMemberPayload', 'roomPayload', 'start', 'stop',
]

export const newId = () => randomUUID().replaceAll('-', '').slice(0, DIGITS)

const sleep = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000))

export class ShopPuppet extends PuppetMock {
  constructor (options) {
    super(options)
    this.me = undefined // who is logged in, or will be with the next start
    this.sent = new Set() // ids
    this.journal = options.journal // a line of JSON for each message sent and each one recalled
    this.announced = new Map()
    this.nicknames = new Map() // room -> person -> nickname
    this.inviters = new Map() // room -> person -> who brought them
    this.links = new Map()
    this.friendships = new Map()
    this.invitations = new Map()
    this.calls = {}
    this.troubles = []
    this.manners = {
      answerIds: true, // a sent message's id is in the answer
      echo: 'at once', // the own message comes back: at once, late (echoAfter) or never
      echoAfter: 1,
      dong: true,
      recall: true,
      announce: true, // false: says yes and does nothing, as some puppets do
      ready: true,
    }
    for (const name of TROUBLED) {
      const plain = this[name].bind(this)
      this[name] = (...given) => this.#troubled(name, plain, given)
    }
  }

  // Carries a call out, unless a test wants it otherwise.
  async #troubled (name, plain, given) {
    this.calls[name] = (this.calls[name] ?? 0) + 1
    const at = this.troubles.findIndex(
      ({ call, on }) => call === name && (on === undefined || on === given[0]),
    )
    if (at < 0) { return plain(...given) }
    const trouble = this.troubles[at]
    if (trouble.times !== undefined && --trouble.times <= 0) { this.troubles.splice(at, 1) }
    switch (trouble.kind) {
      case 'throw': throw new Error(trouble.text)
      case 'hang': return new Promise(() => {})
      case 'swallow': // carried out, and the answer is never given
        await plain(...given)
        return new Promise(() => {})
      case 'delay':
        await sleep(trouble.seconds)
        return plain(...given)
      default: throw new Error(`no such trouble: ${trouble.kind}`)
    }
  }

  // Logging in and out

  async onStart () {
    await super.onStart()
    if (this.me && !this.isLoggedIn) { setImmediate(() => this.enter(this.me)) }
  }

  enter (person) {
    this.me = person
    if (!this.state.active() || this.isLoggedIn) { return }
    this.login(person)
    if (this.manners.ready) { setTimeout(() => this.emit('ready', { data: 'ready' }), 20) }
  }

  ding (data) {
    if (this.manners.dong) { setImmediate(() => this.emit('dong', { data: data ?? '' })) }
  }

  // Gives everybody and every room another id; the messages of before are forgotten.
  renew (ids) {
    const { mocker } = this
    const people = [...mocker.cacheContactPayload.values()]
    const rooms = [...mocker.cacheRoomPayload.values()]
    this.cache.clear()
    for (const known of [mocker.cacheContactPayload, mocker.cacheRoomPayload]) { known.clear() }
    mocker.cacheMessagePayload.clear()
    people.forEach(person => mocker.createContact({ ...person, id: ids[person.id] }))
    for (const room of rooms) {
      const memberIdList = room.memberIdList.map(person => ids[person])
      const adminIdList = room.adminIdList.map(person => ids[person])
      const ownerId = ids[room.ownerId]
      mocker.createRoom({ ...room, id: ids[room.id], memberIdList, adminIdList, ownerId })
    }
    const renewed = known => new Map([...known].map(([id, of]) => [ids[id], of]))
    const ofPeople = known => new Map([...known].map(([room, of]) => [ids[room], renewed(of)]))
    this.announced = renewed(this.announced)
    this.nicknames = ofPeople(this.nicknames)
    this.inviters = new Map() // a new log-in does not tell who brought whom
  }

  // People and rooms

  async roomList () {
    const all = [...this.mocker.cacheRoomPayload.values()]
    return all.filter(room => room.memberIdList.includes(this.me)).map(room => room.id)
  }

  async roomMemberList (room) { return this.mocker.roomPayload(room).memberIdList }

  async roomMemberRawPayload (room, person) {
    if (!this.mocker.roomPayload(room).memberIdList.includes(person)) { return undefined }
    return {
      avatar: '',
      id: person,
      inviterId: this.inviters.get(room)?.get(person),
      name: this.mocker.contactPayload(person).name,
      roomAlias: this.nicknames.get(room)?.get(person),
    }
  }

  async contactAlias (person, alias) {
    if (alias === undefined) { return this.mocker.contactPayload(person).alias ?? '' }
    this.mocker.contactPayload(person).alias = alias
  }

  async roomTopic (room, topic) {
    if (topic === undefined) { return this.mocker.roomPayload(room).topic }
    this.mocker.RoomMock.load(room).topic(topic).by(this.mocker.ContactMock.load(this.me))
  }

  async roomAnnounce (room, text) {
    this.mocker.roomPayload(room) // throws for a room that there is not
    if (text === undefined) { return this.announced.get(room) ?? '' }
    if (this.manners.announce) { this.announced.set(room, text) }
  }

  async roomAdd (room, person) {
    const invited = this.mocker.ContactMock.load(person)
    if (!this.mocker.contactPayload(person).friend) { throw new Error('not a friend') }
    this.join(room, [invited.id], this.me)
  }

  join (room, people, by) {
    const inviters = this.inviters.get(room) ?? new Map()
    people.forEach(person => inviters.set(person, by))
    this.inviters.set(room, inviters)
    const contacts = people.map(person => this.mocker.ContactMock.load(person))
    this.mocker.RoomMock.load(room).add(...contacts).by(this.mocker.ContactMock.load(by))
  }

  leave (room, people, by) {
    const contacts = people.map(person => this.mocker.ContactMock.load(person))
    this.mocker.RoomMock.load(room).remove(...contacts).by(this.mocker.ContactMock.load(by))
  }

  // Messages

  arrive (payload, { told = true } = {}) {
    const whole = { id: newId(), timestamp: Date.now(), type: types.Message.Text, ...payload }
    this.mocker.MessageMock.create(whole)
    if (told) { this.emit('message', { messageId: whole.id }) }
    return whole.id
  }

  #send (conversation, payload, record, bytes) {
    if (!this.isLoggedIn) { throw new Error('not logged in') }
    const inRoom = this.mocker.cacheRoomPayload.has(conversation)
    if (inRoom && !this.mocker.roomPayload(conversation).memberIdList.includes(this.me)) {
      throw new Error('not in this room')
    }
    if (!inRoom) { this.mocker.contactPayload(conversation) } // throws for somebody unknown
    const to = inRoom ? { roomId: conversation } : { listenerId: conversation }
    const id = this.arrive({ talkerId: this.me, ...to, ...payload }, { told: false })
    this.sent.add(id)
    this.#note({ id, conversation, at: Date.now(), ...record })
    if (bytes) {
      const kept = FileBox.fromBase64(bytes.toString('base64'), payload.filename)
      this.mocker.cacheFileBoxPayload.set(id, kept.toJSON())
    }
    const echo = () => this.emit('message', { messageId: id })
    if (this.manners.echo === 'at once') { echo() }
    if (this.manners.echo === 'late') { setTimeout(echo, this.manners.echoAfter * 1000) }
    return this.manners.answerIds ? id : undefined
  }

  #note (line) { appendFileSync(this.journal, JSON.stringify(line) + '\n') }

  async messageSendText (conversation, text, mentions = []) {
    const payload = { text, mentionIdList: mentions }
    return this.#send(conversation, payload, { text, mentions })
  }

  async messageSendFile (conversation, file) {
    const bytes = await file.toBuffer()
    const payload = { type: types.Message.Image, text: '', filename: file.name }
    const record = { file: file.name, size: bytes.length, base64: bytes.toString('base64') }
    return this.#send(conversation, payload, record, bytes)
  }

  async messageImage (message) { return this.messageFile(message) }

  async messageUrl (message) {
    const link = this.links.get(message)
    if (!link) { throw new Error('no link in this message') }
    return link
  }

  async messageRecall (message) {
    if (!this.sent.has(message)) { throw new Error('no such message') }
    if (this.manners.recall) { this.#note({ recalled: message }) }
    return this.manners.recall
  }

  // Friends and invitations

  async friendshipRawPayload (id) {
    const friendship = this.friendships.get(id)
    if (!friendship) { throw new Error('no such friendship') }
    return friendship
  }

  async friendshipAccept (id) {
    const { contactId } = await this.friendshipRawPayload(id)
    this.befriended(contactId)
  }

  befriended (person) {
    this.mocker.contactPayload(person).friend = true
    this.dirtyPayload(types.Dirty.Contact, person)
    const id = newId()
    const type = types.Friendship.Confirm
    this.friendships.set(id, { id, contactId: person, hello: '', timestamp: Date.now(), type })
    this.emit('friendship', { friendshipId: id })
  }

  async roomInvitationRawPayload (id) {
    const invitation = this.invitations.get(id)
    if (!invitation) { throw new Error('no such invitation') }
    return invitation
  }

  async roomInvitationAccept (id) {
    const { inviterId, room } = await this.roomInvitationRawPayload(id)
    this.join(room, [this.me], inviterId)
  }
}
