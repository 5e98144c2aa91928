'use strict';
// What a station says in OCPP 1.6 and 2.0.1: one function per moment of a session, each [action, payload].

const { randomUUID } = require('crypto');

const REGISTER = 'Energy.Active.Import.Register';

const v16 = {
  remoteStart: ['RemoteStartTransaction', (asked) => asked.idTag],
  remoteStop: ['RemoteStopTransaction', (asked) => String(asked.transactionId)],
  boot: () => ['BootNotification', { chargePointVendor: 'ocpp-rpc', chargePointModel: 'Node', firmwareVersion: '2.2.1' }],
  status: (connector, charging) => ['StatusNotification', {
    connectorId: connector, errorCode: 'NoError', status: charging ? 'Charging' : 'Available', timestamp: now(),
  }],
  authorize: (token) => ['Authorize', { idTag: token }],
  accepted: (answer) => answer.idTagInfo?.status === 'Accepted',
  begin: (session) => ['StartTransaction', {
    connectorId: session.connector, idTag: session.token, meterStart: session.readings[0].wh, timestamp: session.readings[0].at,
  }],
  begun: (session, answer) => { session.transaction = answer.transactionId; },
  meter: (session, reading) => ['MeterValues', {
    connectorId: session.connector,
    transactionId: session.transaction,
    meterValue: [{
      timestamp: reading.at,
      sampledValue: [
        { value: String(reading.wh), context: 'Sample.Periodic', measurand: REGISTER, unit: 'Wh' },
        { value: '7.4', measurand: 'Power.Active.Import', unit: 'kW' },
      ],
    }],
  }],
  end: (session, reading) => ['StopTransaction', {
    transactionId: session.transaction, idTag: session.token, meterStop: reading.wh, timestamp: reading.at, reason: session.reason,
  }],
};

const v201 = {
  remoteStart: ['RequestStartTransaction', (asked) => asked.idToken.idToken],
  remoteStop: ['RequestStopTransaction', (asked) => asked.transactionId],
  boot: () => ['BootNotification', {
    reason: 'PowerUp', chargingStation: { vendorName: 'ocpp-rpc', model: 'Node', firmwareVersion: '2.2.1' },
  }],
  status: (connector, charging) => ['StatusNotification', {
    timestamp: now(), evseId: connector, connectorId: 1, connectorStatus: charging ? 'Occupied' : 'Available',
  }],
  authorize: (token) => ['Authorize', { idToken: { idToken: token, type: 'ISO14443' } }],
  accepted: (answer) => answer.idTokenInfo?.status === 'Accepted',
  begin: (session) => {
    session.transaction = randomUUID();
    return event(session, session.readings[0], 'Started', 'Authorized', 'Transaction.Begin', {
      evse: { id: session.connector, connectorId: 1 }, idToken: { idToken: session.token, type: 'ISO14443' },
    });
  },
  begun: () => {},
  meter: (session, reading) => event(session, reading, 'Updated', 'MeterValuePeriodic', 'Sample.Periodic'),
  end: (session, reading) => event(session, reading, 'Ended', 'StopAuthorized', 'Transaction.End', {}, { stoppedReason: session.reason }),
};

function event(session, reading, eventType, triggerReason, context, more = {}, info = {}) {
  session.seqNo = (session.seqNo ?? -1) + 1;
  return ['TransactionEvent', {
    eventType, triggerReason, timestamp: reading.at, seqNo: session.seqNo, offline: session.offline,
    transactionInfo: { transactionId: session.transaction, chargingState: 'Charging', ...info },
    meterValue: [{
      timestamp: reading.at,
      sampledValue: [{ value: reading.wh / 1000, context, measurand: REGISTER, unitOfMeasure: { unit: 'kWh' } }],
    }],
    ...more,
  }];
}

function now() {
  return new Date().toISOString();
}

module.exports = { 'ocpp1.6': v16, 'ocpp2.0.1': v201 };
