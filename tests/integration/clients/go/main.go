// A station made of github.com/lorenzodonini/ocpp-go; its argument is a plan (see clients_case.py).
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/authorization"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/availability"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/provisioning"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/transactions"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/types"
)

type plan struct {
	URL         string    `json:"url"`
	Station     string    `json:"station"`
	Password    string    `json:"password"`
	Token       string    `json:"token"`
	PauseMs     int       `json:"pause_ms"`
	Sessions    []session `json:"sessions"`
	CA          string    `json:"ca"`
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
}

type session struct {
	Way string    `json:"way"`
	Wh  []float64 `json:"wh"`

	token, transaction string
	seqNo              int
}

type reading struct {
	number int
	at     *types.DateTime
}

func main() {
	var played plan
	check(json.Unmarshal([]byte(os.Args[1]), &played))
	station := newStation(played)
	station.connect()
	boot := provisioning.NewBootNotificationRequest(provisioning.BootReasonPowerUp, "Go", "ocpp-go")
	booted := station.tell(boot).(*provisioning.BootNotificationResponse)
	must(booted.Status == provisioning.RegistrationStatusAccepted, "not accepted")
	for number := range played.Sessions {
		play(station, &played, &played.Sessions[number], fmt.Sprintf("%s-%d-%d", played.Station, os.Getpid(), number))
	}
	station.leave()
}

func play(station *station, played *plan, session *session, transaction string) {
	session.token, session.transaction = played.Token, transaction
	if session.Way == "remote" {
		say(map[string]any{"ask": "start"})
		session.token = <-station.starts
	} else {
		authorized := station.tell(authorization.NewAuthorizationRequest(played.Token, types.IdTokenTypeISO14443))
		status := authorized.(*authorization.AuthorizeResponse).IdTokenInfo.Status
		must(status == types.AuthorizationStatusAccepted, "the token is not accepted")
	}
	station.tell(availability.NewStatusNotificationRequest(now(), availability.ConnectorStatusOccupied, 1, 1))
	if session.Way == "offline" {
		station.leave()
	}
	var kept []reading
	for number := range session.Wh {
		next := reading{number, now()}
		time.Sleep(time.Duration(played.PauseMs) * time.Millisecond)
		if session.Way == "offline" {
			kept = append(kept, next)
		} else {
			tellReading(station, session, next)
		}
	}
	if session.Way == "offline" {
		station.connect()
	}
	for _, each := range kept {
		tellReading(station, session, each)
	}
	station.tell(availability.NewStatusNotificationRequest(now(), availability.ConnectorStatusAvailable, 1, 1))
	start, stop := session.Wh[0], session.Wh[len(session.Wh)-1]
	say(map[string]any{
		"transaction": session.transaction, "meter_start": start, "meter_stop": stop, "wh": stop - start,
		"token": session.token,
	})
}

func tellReading(station *station, session *session, next reading) {
	last := next.number == len(session.Wh)-1
	if last && session.Way == "remote" {
		say(map[string]any{"ask": "stop", "transaction": session.transaction})
		must(<-station.stops == session.transaction, "asked to stop another transaction")
	}
	answer := station.tell(event(session, next, last)).(*transactions.TransactionEventResponse)
	if next.number == 0 {
		accepted := answer.IDTokenInfo != nil && answer.IDTokenInfo.Status == types.AuthorizationStatusAccepted
		must(accepted, "the start is not accepted")
	}
}

func event(session *session, next reading, last bool) *transactions.TransactionEventRequest {
	kind, reason := transactions.TransactionEventUpdated, transactions.TriggerReasonMeterValuePeriodic
	context := types.ReadingContextSamplePeriodic
	info := transactions.Transaction{TransactionID: session.transaction, ChargingState: transactions.ChargingStateCharging}
	switch {
	case next.number == 0:
		kind, reason = transactions.TransactionEventStarted, transactions.TriggerReasonAuthorized
		context = types.ReadingContextTransactionBegin
	case last:
		kind, reason = transactions.TransactionEventEnded, transactions.TriggerReasonStopAuthorized
		context = types.ReadingContextTransactionEnd
		info.StoppedReason = transactions.ReasonLocal
	}
	request := transactions.NewTransactionEventRequest(kind, next.at, reason, session.seqNo, info)
	session.seqNo++
	request.Offline = session.Way == "offline"
	if next.number == 0 {
		connector := 1
		request.Evse = &types.EVSE{ID: 1, ConnectorID: &connector}
		request.IDToken = &types.IdToken{IdToken: session.token, Type: types.IdTokenTypeISO14443}
	}
	request.MeterValue = []types.MeterValue{{
		Timestamp: *next.at,
		SampledValue: []types.SampledValue{{
			Value: session.Wh[next.number], Context: context, Measurand: types.MeasurandEnergyActiveImportRegister,
		}},
	}}
	return request
}

func now() *types.DateTime {
	return types.NewDateTime(time.Now())
}

func say(line map[string]any) {
	text, err := json.Marshal(line)
	check(err)
	fmt.Println(string(text))
}

func must(true_ bool, what string) {
	if !true_ {
		fmt.Fprintln(os.Stderr, what)
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		must(false, err.Error())
	}
}
